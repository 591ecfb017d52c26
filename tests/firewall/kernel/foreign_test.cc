// What nft and iptables make of others' rules, read back.
#include "firewall/kernel/foreign.h"

#include "tests/firewall/kernel/kernel_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace ravelin::firewall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ForeignTest : public KernelTest {
 protected:
  static std::string data(std::string_view name) {
    return fmt::format("{}/tests/data/firewall/{}", RAVELIN_SOURCE_DIR, name);
  }

  static ForeignRuleset read() {
    auto socket = NetlinkSocket::open();
    EXPECT_TRUE(socket);
    Channel channel(std::move(*socket));
    auto found = read_foreign(channel);
    EXPECT_TRUE(found) << base::to_string(found.error());
    return found ? std::move(*found) : ForeignRuleset{};
  }

  // "ip filter INPUT input 0 drop 2 ufw": … policy or end, rules, programs.
  static std::vector<std::string> lines(const ForeignRuleset& ruleset) {
    std::vector<std::string> out;
    out.reserve(ruleset.chains.size());
    for (const ForeignChain& chain : ruleset.chains)
      out.push_back(fmt::format("{} {} {} {} {} {} {} {} {}", chain.family, chain.table, chain.name,
                                chain.type, chain.hook, chain.priority,
                                chain.drops_by_policy ? "policy"
                                : chain.drops_at_end  ? "end"
                                                      : "open",
                                chain.rules, fmt::join(chain.programs, ",")));
    return out;
  }
};

TEST_F(ForeignTest, UfwAndDockerAreKnownByTheirChains) {
  ASSERT_EQ(nft("-f " + data("ufw.nft")), "");
  ASSERT_EQ(nft("-f " + data("docker.nft")), "");
  const ForeignRuleset found = read();
  EXPECT_THAT(lines(found),
              ElementsAre("ip filter INPUT filter input 0 policy 2 docker,iptables,ufw",
                          "ip filter FORWARD filter forward 0 policy 3 docker,iptables,ufw",
                          "ip filter OUTPUT filter output 0 open 1 docker,iptables,ufw",
                          "ip6 filter INPUT filter input 0 policy 1 iptables,ufw",
                          "ip nat PREROUTING nat prerouting -100 open 1 docker,iptables",
                          "ip nat POSTROUTING nat postrouting 100 open 1 docker,iptables"));
  EXPECT_THAT(found.forwards, ElementsAre(ForeignForward{"docker", "br-5f0c1a"},
                                          ForeignForward{"docker", "docker0"}));
}

struct Row {
  const char* rules;
  const char* ending;
};

TEST_F(ForeignTest, ALastRuleForEveryoneIsAnEnd) {
  const Row rows[] = {
      {"drop", "end"},
      {"tcp dport 22 accept; counter log drop", "end"},
      {"reject", "end"},
      {"counter packets 1 bytes 2 reject with icmpx admin-prohibited", "end"},
      {"tcp dport 22 drop", "open"},
      {"drop; tcp dport 22 accept", "open"},
      {"meta l4proto tcp reject with tcp reset", "open"},
      {"limit rate 1/second drop", "open"},
      {"accept", "open"},
  };
  for (const Row& row : rows) {
    ASSERT_EQ(
        nft("-f -", fmt::format("table inet x {{\nchain c {{\ntype filter hook input priority "
                                "5\n{}\n}}\n}}\n",
                                row.rules)),
        "")
        << row.rules;
    const ForeignRuleset found = read();
    ASSERT_EQ(found.chains.size(), 1u);
    EXPECT_EQ(found.chains[0].drops_at_end, row.ending == std::string("end")) << row.rules;
    EXPECT_EQ(found.chains[0].priority, 5);
    EXPECT_THAT(found.chains[0].programs, IsEmpty());
    ASSERT_EQ(nft("flush ruleset"), "");
  }
}

TEST_F(ForeignTest, OurTablesAreNotForeign) {
  ASSERT_EQ(apply({PutTable{"mine"},
                   PutChain{make_base_chain("input", Hook{.policy = Hook::Policy::drop})}}),
            "");
  ASSERT_EQ(nft("-f -",
                "table inet ravelin_trace {\nchain c {\ntype filter hook input priority 5\n}\n}\n"
                "table ip ravelin {\nchain c {\ntype filter hook input priority 5\n}\n}\n"),
            "");
  EXPECT_THAT(lines(read()), ElementsAre("ip ravelin c filter input 5 open 0 "));
}

TEST(Foreign, ProgramsAreKnownByNames) {
  EXPECT_EQ(program_of("filter", "ufw-user-input"), "ufw");
  EXPECT_EQ(program_of("filter", "DOCKER-USER"), "docker");
  EXPECT_EQ(program_of("docker-bridges", "filter-FORWARD"), "docker");
  EXPECT_EQ(program_of("firewalld", "filter_INPUT"), "firewalld");
  EXPECT_EQ(program_of("libvirt_network", "forward"), "libvirt");
  EXPECT_EQ(program_of("filter", "INPUT"), "iptables");
  EXPECT_EQ(program_of("filter", "input"), "");
  EXPECT_EQ(program_of("mine", "INPUT"), "");
}

}  // namespace
}  // namespace ravelin::firewall
