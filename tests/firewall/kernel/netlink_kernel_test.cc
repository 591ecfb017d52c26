// Transactions against the kernel of a namespace of the test's own.
#include "firewall/kernel/nf_tables_constants.h"
#include "tests/firewall/kernel/full_ruleset.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace ravelin::firewall {
namespace {

using base::Errc;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

constexpr const char* kList = "list table inet ravelin";

std::string expected_listing() {
  std::ifstream in(RAVELIN_SOURCE_DIR "/tests/data/firewall/full_ruleset.nft");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// nft 1.0.6 tells of our flags in a line older listings lack: who owns it differs from run to run.
std::string without_owner(std::string listing) {
  const std::size_t at = listing.find(" # progname");
  if (at != std::string::npos) listing.erase(at, listing.find('\n', at) - at);
  return listing;
}

TEST_F(KernelTest, EveryStatementAndSetIsListedByNftAsItIsMeant) {
  ASSERT_EQ(apply(make_all(full_ruleset())), "");
  EXPECT_EQ(without_owner(nft(kList)), expected_listing());
}

TEST_F(KernelTest, ReadsTheTableWithCommentsAndCounters) {
  ASSERT_EQ(apply(make_all(full_ruleset())), "");
  const auto read = kernel_->read();
  ASSERT_TRUE(read && *read);
  const LiveTable& table = **read;
  EXPECT_EQ(table.comment, "revision 7");
  EXPECT_EQ(table.flags, kTableOwner | kTablePersist);
  EXPECT_EQ(table.owner_port, kernel_->port());
  EXPECT_THAT(table.sets, IsSupersetOf({"hosts", "boxes", "rates"}));
  EXPECT_EQ(table.sets.size(), full_ruleset().sets.size());
  EXPECT_THAT(table.chains, ElementsAre("aside", "matches", "lookups", "meters", "ends", "dstnat",
                                        "srcnat", "early", "input"));
  std::size_t rules = 0;
  for (const Chain& chain : full_ruleset().chains)
    rules += chain.rules.size();
  ASSERT_EQ(table.rules.size(), rules);
  const RuleCount& counted = table.rules[table.rules.size() - 8];
  EXPECT_EQ(counted.chain, "dstnat") << "rules come chain by chain";
}

// To a port of this host where nobody listens.
void send_datagram(std::string_view payload) {
  ASSERT_EQ(test::run_command("ip link set lo up").status, 0);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(fd, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const ssize_t sent = ::sendto(fd, payload.data(), payload.size(), 0,
                                reinterpret_cast<const sockaddr*>(&to), sizeof to);
  ::close(fd);
  ASSERT_EQ(sent, static_cast<ssize_t>(payload.size()));
}

TEST_F(KernelTest, CountsPacketsOfARule) {
  Chain output =
      make_base_chain("output", {Hook::Type::filter, Hook::Point::output, 0, Hook::Policy::accept});
  output.rules = {Rule{{Match{Field::l4proto, Comparison::equal, {17}}, Counter{}, accept()},
                       "edge.yaml:3 discard",
                       {}}};
  ASSERT_EQ(apply(make_all(Ruleset{"", {}, {output}})), "");
  send_datagram("four");
  const auto read = kernel_->read();
  ASSERT_TRUE(read && *read);
  ASSERT_EQ((*read)->rules.size(), 1u);
  EXPECT_EQ((*read)->rules[0].chain, "output");
  EXPECT_EQ((*read)->rules[0].comment, "edge.yaml:3 discard");
  EXPECT_EQ((*read)->rules[0].packets, 1u);
  EXPECT_EQ((*read)->rules[0].bytes, 20u + 8u + 4u);
  EXPECT_NE((*read)->rules[0].handle, 0u);
}

TEST_F(KernelTest, ReadsNothingWhereThereIsNoTable) {
  const auto read = kernel_->read();
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->has_value());
}

TEST_F(KernelTest, RefusesABatchMadeForAnotherGeneration) {
  const Generation before = generation();
  ASSERT_EQ(apply({PutTable{}}, before), "");
  const auto stale = kernel_->apply({PutChain{make_chain("late")}}, before);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Errc::conflict);
  EXPECT_THAT(nft(kList), ::testing::Not(HasSubstr("late")));
  EXPECT_EQ(apply({PutChain{make_chain("fresh")}}, generation()), "");
}

TEST_F(KernelTest, TryingOutChangesNothing) {
  const Generation before = generation();
  ASSERT_TRUE(kernel_->try_out(make_all(full_ruleset())));
  EXPECT_EQ(generation(), before);
  EXPECT_EQ(nft("list ruleset"), "");
  const auto refused = kernel_->try_out({PutChain{make_chain("x")}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("table inet ravelin does not exist"));
}

TEST_F(KernelTest, LooksUpOneKeyWithAndWithoutTimeout) {
  Set bans = make_set("bans", {Field::ip_saddr});
  bans.has_timeout = true;
  Element banned = element(address("192.0.2.66"));
  banned.timeout = std::chrono::hours(1);
  Set nets = make_set("nets", {Field::ip_saddr});
  nets.is_interval = true;
  ASSERT_EQ(apply({PutTable{}, PutSet{bans}, PutSet{nets}, AddElements{"bans", {banned}},
                   AddElements{"bans", {element(address("192.0.2.67"))}},
                   AddElements{"nets", {element(address("10.0.0.0"), address("10.255.255.255"))}}}),
            "");
  const auto found = kernel_->find("bans", address("192.0.2.66"));
  ASSERT_TRUE(found && *found && (*found)->expires);
  EXPECT_LE(*(*found)->expires, std::chrono::hours(1));
  EXPECT_GT(*(*found)->expires, std::chrono::minutes(50));
  const auto forever = kernel_->find("bans", address("192.0.2.67"));
  ASSERT_TRUE(forever && *forever);
  EXPECT_FALSE((*forever)->expires);
  const auto absent = kernel_->find("bans", address("192.0.2.68"));
  ASSERT_TRUE(absent);
  EXPECT_FALSE(*absent);
  const auto inside = kernel_->find("nets", address("10.1.2.3"));
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_TRUE(*inside);
  const auto outside = kernel_->find("nets", address("11.0.0.0"));
  ASSERT_TRUE(outside) << outside.error().message;
  EXPECT_FALSE(*outside);
  const auto no_set = kernel_->find("none", address("192.0.2.66"));
  ASSERT_FALSE(no_set);
  EXPECT_EQ(no_set.error().code, Errc::not_found);
}

TEST_F(KernelTest, ChangesAndRemovesWhatIsThere) {
  ASSERT_EQ(apply(make_all(full_ruleset())), "");
  const auto full = full_ruleset();
  ASSERT_EQ(apply({RemoveElements{"hosts", {element(address("10.0.0.1"))}},
                   AddElements{"hosts", {element(address("10.0.0.9"))}},
                   RemoveElements{"nets", full.find_set("nets")->elements},
                   RemoveElements{"boxes", full.find_set("boxes")->elements},
                   RemoveElements{"ports", full.find_set("ports")->elements}, FlushSet{"by_port"},
                   FlushChain{"lookups"}, FlushChain{"meters"}, RemoveChain{"meters"},
                   RemoveSet{"boxes"}}),
            "");
  const std::string listing = nft(kList);
  EXPECT_THAT(listing, HasSubstr("10.0.0.9"));
  EXPECT_THAT(listing, ::testing::Not(HasSubstr("boxes")));
  EXPECT_THAT(listing, ::testing::Not(HasSubstr("60000")));
  EXPECT_THAT(listing, ::testing::Not(HasSubstr("meters")));
  EXPECT_THAT(listing, ::testing::Not(HasSubstr("192.0.2.1/32")));
  EXPECT_EQ(apply({RemoveTable{}}), "");
  EXPECT_EQ(nft("list ruleset"), "");
}

TEST_F(KernelTest, WhatMayExistIsNoErrorWhenItDoes) {
  Set hosts = make_set("hosts", {Field::ip_saddr});
  const std::vector<Element> one{element(address("10.0.0.1"))};
  ASSERT_EQ(apply({PutTable{}, PutSet{hosts}, AddElements{"hosts", one, false}}), "");
  EXPECT_EQ(apply({AddElements{"hosts", one, true}}), "");
  EXPECT_NE(apply({AddElements{"hosts", one, false}}), "");
}

TEST_F(KernelTest, PuttingWhatIsThereIsNoChange) {
  const auto ruleset = full_ruleset();
  ASSERT_EQ(apply(make_all(ruleset)), "");
  const std::string before = nft(kList);
  Transaction again{PutTable{ruleset.comment}};
  for (const Chain& chain : ruleset.chains)
    again.emplace_back(PutChain{chain});
  EXPECT_EQ(apply(again), "");
  EXPECT_EQ(nft(kList), before);
}

TEST_F(KernelTest, FindsOutWhatThisKernelCan) {
  const Generation before = generation();
  const Features& features = kernel_->features();
  EXPECT_TRUE(features.batch_ack);
  EXPECT_TRUE(features.owned_table);
  EXPECT_EQ(generation(), before);
  EXPECT_EQ(nft("list ruleset"), "");
  const auto poorer = open_kernel({true, {Feature::batch_ack, Feature::owned_table}});
  EXPECT_FALSE(poorer->features().batch_ack);
  EXPECT_FALSE(poorer->features().owned_table);
}

}  // namespace
}  // namespace ravelin::firewall
