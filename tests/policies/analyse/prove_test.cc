#include "policies/analyse/prove.h"

#include "tests/policies/support/build_policy.h"

#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

using build::addresses;
using build::allow;
using build::deny;
using build::ip;
using build::kLan;
using build::kWan;
using build::list;
using build::services;
using namespace std::chrono_literals;

AddressMatch admins() {
  return addresses({"198.51.100.0/24", "2001:db8:7::/64"}, "admins");
}

TestPacket to_host(ZoneId in, std::string_view what, AddressMatch from = {}) {
  return {.in = in, .from = std::move(from), .to_host = true, .services = services(what)};
}

Proof never(const Policy& policy, const TestPacket& asked) {
  Effort effort;
  return prove_never(policy, asked, effort);
}

Proof always(const Policy& policy, const TestPacket& asked) {
  Effort effort;
  return prove_always(policy, asked, effort);
}

Policy edge(std::vector<Rule> rules) {
  Policy policy = build::two_zones();
  policy.lists = {list({kWan}, {kHost}, std::move(rules))};
  return policy;
}

TEST(Never, IsRefutedByAPacketAndItsLine) {
  const Policy policy = edge({deny(10, "tcp/9100", addresses({"10.0.0.0/8"})), allow(11, "any")});
  const Proof proof = never(policy, to_host(kWan, "tcp/9100"));
  EXPECT_EQ(proof.answer, Proof::Answer::fails);
  EXPECT_EQ(proof.by.line, 11);
  ASSERT_TRUE(proof.counterexample.has_value());
  EXPECT_EQ(proof.counterexample->in_interface, "eth0");
  EXPECT_EQ(proof.counterexample->destination_port, 9100);
  EXPECT_TRUE(proof.message.ends_with("(zone wan -> host) is allowed by edge.yaml:11"))
      << proof.message;
}

TEST(Never, HoldsWhenDeniesCoverEverything) {
  EXPECT_TRUE(never(edge({deny(10, "tcp/9000-9200"), allow(11, "any")}), to_host(kWan, "tcp/9100"))
                  .holds());
  EXPECT_TRUE(never(edge({allow(10, "tcp/22")}), to_host(kWan, "tcp/9100")).holds());
  EXPECT_TRUE(never(edge({}), to_host(kWan, "any")).holds());  // but for essential ICMPv6
}

TEST(Never, ConditionsCountAgainstIt) {
  Rule limited = allow(10, "tcp/9100");
  limited.limit = Rate{.count = 1};
  EXPECT_FALSE(never(edge({limited}), to_host(kWan, "tcp/9100")).holds());
  Rule until = deny(10, "any");
  until.until = std::chrono::sys_seconds{1h};
  EXPECT_FALSE(never(edge({until, allow(11, "any")}), to_host(kWan, "tcp/9100")).holds());
}

TEST(Never, EssentialIcmpv6IsAskedAboutByName) {
  const Policy policy = edge({deny(10, "any")});
  EXPECT_TRUE(never(policy, to_host(kWan, "any")).holds());
  const Proof proof = never(policy, to_host(kWan, "icmpv6/135"));
  EXPECT_FALSE(proof.holds());
  EXPECT_NE(proof.message.find("essential ICMPv6"), std::string::npos) << proof.message;
}

TEST(Never, AsksAboutEveryZoneThatIsNotNamed) {
  Policy policy = edge({deny(10, "any")});
  policy.lists.push_back(list({kLan}, {kHost}, {allow(20, "tcp/9100")}));
  TestPacket asked = to_host(kWan, "tcp/9100");
  EXPECT_TRUE(never(policy, asked).holds());
  asked.in.reset();
  const Proof proof = never(policy, asked);
  EXPECT_EQ(proof.by.line, 20);
  // the counterexample is of the zone's networks
  ASSERT_TRUE(proof.counterexample.has_value());
  EXPECT_TRUE(contains(policy.zones[kLan].networks, proof.counterexample->source) ||
              proof.counterexample->source == ip("0.0.0.0"));
}

TEST(Never, ForwardingThatIsNotGovernedIsNoAnswer) {
  const Policy policy = edge({deny(10, "any")});
  TestPacket asked{.in = kWan, .out = kLan, .services = services("tcp/22")};
  EXPECT_FALSE(never(policy, asked).holds());
  asked.out.reset();  // not asked for by name: only the host
  EXPECT_TRUE(never(policy, asked).holds());
}

TEST(Never, AForwardOpensWhereItGoes) {
  Policy policy = edge({deny(10, "any")});
  policy.nat = {{.kind = NatRule::Kind::forward,
                 .pos = {"edge.yaml", 5, 5},
                 .via = {kWan},
                 .services = services("tcp/8080"),
                 .to = {ip("10.0.0.5")},
                 .to_port = 80}};
  const TestPacket to_lan{.in = kWan, .to_zones = {kLan}, .services = services("http")};
  EXPECT_EQ(never(policy, to_lan).by.line, 5);
  TestPacket other = to_lan;
  other.services = services("tcp/8080");
  EXPECT_TRUE(never(policy, other).holds());
  policy.lists.push_back(list({kWan}, {kLan}, {deny(11, "any", addresses({"203.0.113.0/24"}))}));
  EXPECT_EQ(never(policy, to_lan).by.line, 5);  // from everywhere else
  policy.lists.back().rules = {deny(11, "http")};
  EXPECT_TRUE(never(policy, to_lan).holds());  // rules are asked first
  policy.lists.pop_back();
  EXPECT_TRUE(never(policy, to_host(kWan, "tcp/8080")).holds());  // it never reaches the host
  policy.lists[0].rules = {allow(10, "tcp/8080")};
  const Proof in_ipv6 = never(policy, to_host(kWan, "tcp/8080"));  // which it does not take
  ASSERT_TRUE(in_ipv6.counterexample.has_value());
  EXPECT_EQ(in_ipv6.counterexample->source.family, base::Family::ipv6);
  const Proof proof = always(policy, to_host(kWan, "tcp/8080"));
  EXPECT_NE(proof.message.find("is forwarded by edge.yaml:5"), std::string::npos);
}

TEST(Always, ARedirectIsDecidedAsWhatItBecomes) {
  Policy policy = build::two_zones();
  policy.nat = {{.kind = NatRule::Kind::redirect,
                 .pos = {"edge.yaml", 5, 5},
                 .via = {kLan},
                 .services = services("udp/53"),
                 .to_port = 5353}};
  policy.lists = {list({kLan}, {kWan}, {deny(10, "udp/53"), allow(11, "any")}),
                  list({kLan}, {kHost}, {allow(20, "udp/5353")})};
  const TestPacket dns{.in = kLan, .out = kWan, .services = services("udp/53")};
  EXPECT_TRUE(always(policy, dns).holds());
  policy.lists[1].rules = {allow(20, "udp/53")};
  EXPECT_FALSE(always(policy, dns).holds());
}

TEST(Always, ConditionsCountAgainstItButLimitsDoNot) {
  Rule limited = allow(10, "ssh", admins());
  limited.limit = Rate{.count = 1};
  limited.per_source.connections = 3;
  EXPECT_TRUE(always(edge({limited, deny(11, "any")}), to_host(kWan, "ssh", admins())).holds());
  Rule timed = allow(10, "ssh", admins());
  timed.when = When{};
  const Proof proof = always(edge({timed, deny(11, "any")}), to_host(kWan, "ssh", admins()));
  EXPECT_EQ(proof.by.line, 11);
  EXPECT_EQ(always(edge({allow(10, "ssh", addresses({"198.51.100.0/25", "2001:db8:7::/64"}))}),
                   to_host(kWan, "ssh", admins()))
                .message,
            "tcp/22 from 198.51.100.128 to 192.0.2.1 (zone wan -> host) is denied at the end of "
            "the lists");
}

TEST(Always, AFeedCutsWhoIsNotInItsNever) {
  Policy policy = edge({deny(10, "any", build::from_feed(0)), allow(11, "ssh", admins())});
  policy.feeds = {{.name = "abuse"}};
  const Proof proof = always(policy, to_host(kWan, "ssh", admins()));
  EXPECT_EQ(proof.by.line, 10);
  EXPECT_NE(proof.message.find("may be denied by edge.yaml:10: its feed"), std::string::npos);
  policy.feeds[0].never = admins().ranges;
  EXPECT_TRUE(always(policy, to_host(kWan, "ssh", admins())).holds());
}

TEST(Always, SourcesThatCannotArriveRefuteIt) {
  Policy policy = build::two_zones();
  policy.lists = {list({kLan}, {kHost}, {allow(10, "any")})};
  EXPECT_TRUE(always(policy, to_host(kLan, "ssh")).holds());
  const Proof proof = always(policy, to_host(kLan, "ssh", admins()));
  EXPECT_EQ(proof.message,
            "198.51.100.0/24 cannot arrive from zone lan (its networks do not hold it)");
}

TEST(Always, AboutNoPacketIsRefuted) {
  AddressMatch nobody;
  nobody.is_restricted = true;
  EXPECT_EQ(always(edge({allow(10, "any")}), to_host(kWan, "ssh", nobody)).message,
            "no packet is like that");
}

TEST(Proof, TooMuchIsUndecidedAndNeverWrong) {
  Effort little{.boxes_left = 1};
  EXPECT_EQ(prove_never(edge({deny(10, "tcp/1"), deny(11, "tcp/2"), allow(12, "any")}),
                        to_host(kWan, "tcp/1"), little)
                .answer,
            Proof::Answer::undecided);
}

TEST(Management, MustReachTheHostFromEveryZoneItCanComeFrom) {
  Policy policy = edge({allow(10, "ssh", admins()), deny(11, "any")});
  Effort effort;
  EXPECT_TRUE(prove_management(policy, effort).holds());
  policy.management = Management{.services = services("ssh"), .from = admins()};
  EXPECT_TRUE(prove_management(policy, effort).holds());  // lan's networks do not hold admins
  policy.management->from = addresses({"10.0.0.7"});
  EXPECT_FALSE(prove_management(policy, effort).holds());  // lan has it, and may nothing
  policy.lists.push_back(list({kLan}, {kHost}, {allow(20, "ssh")}));
  EXPECT_TRUE(prove_management(policy, effort).holds());
  policy.management->zones = {kWan};
  EXPECT_EQ(prove_management(policy, effort).by.line, 11);  // asked for, it has to come from wan
  policy.management->zones.clear();
  policy.management->from = addresses({"10.0.0.7", "203.0.113.5"});
  EXPECT_EQ(prove_management(policy, effort).by.line,
            11);  // the other one is in no zone's networks
}

TEST(Peer, MustBeAbleToConnectAgain) {
  const Policy policy = edge({allow(10, "ssh", admins()), deny(11, "any")});

  const struct {
    const char* name;
    SshPeer peer;
    const char* message;  // its end; empty: holds
  } cases[] = {
      {"Admin", {ip("198.51.100.7")}, ""},
      {"AdminOnAnotherPort", {ip("198.51.100.7"), 2222}, "is denied by edge.yaml:11"},
      {"Stranger", {ip("203.0.113.7")}, "is denied by edge.yaml:11"},
      {"InsideIsOfTheZoneWithItsNetwork", {ip("10.0.0.7")}, "is denied at the end of the lists"},
      {"OnAnInterface", {ip("198.51.100.7"), 22, "eth0"}, ""},
      {"OnTheWrongInterface",
       {ip("198.51.100.7"), 22, "eth1"},
       "cannot arrive from zone lan (its networks do not hold it)"},
      {"OnAnInterfaceOfNoZone", {ip("198.51.100.7"), 22, "tun0"}, "interface tun0 is in no zone"},
  };

  for (const auto& row : cases) {
    Effort effort;
    const Proof proof = prove_peer(policy, row.peer, effort);
    EXPECT_EQ(proof.holds(), std::string_view(row.message).empty()) << row.name;
    EXPECT_TRUE(proof.message.ends_with(row.message)) << row.name << ": " << proof.message;
  }
}

}  // namespace
}  // namespace ravelin::policies
