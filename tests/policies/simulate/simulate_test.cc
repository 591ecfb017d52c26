#include "policies/simulate/simulate.h"

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
using build::packet;
using build::rule;
using build::services;
using namespace std::chrono_literals;

Fate meets(const Policy& policy, const Packet& packet) {
  SimulationState state;
  return simulate(policy, packet, state);
}

// wan -> host: ssh from admins, web, the rest is denied; lan -> wan is open.
Policy edge() {
  Policy policy = build::two_zones();
  policy.lists = {list({kWan}, {kHost},
                       {allow(10, "ssh", build::addresses({"198.51.100.0/24"}, "admins")),
                        allow(11, "http"), rule(Verb::reject, 12, "tcp/113"), deny(13, "any")}),
                  list({kLan}, {kWan}, {allow(20, "any")})};
  return policy;
}

TEST(Simulate, TheFirstRuleThatMatchesDecides) {
  const struct {
    const char* name;
    Packet packet;
    Verdict verdict;
    Decider decider;
    int line;
  } cases[] = {
      {"Admin", packet("eth0", "198.51.100.7", "tcp/22"), Verdict::allow, Decider::rule, 10},
      {"Stranger", packet("eth0", "203.0.113.7", "tcp/22"), Verdict::deny, Decider::rule, 13},
      {"WebOverIpv6", packet("eth0", "2001:db8::7", "tcp/80"), Verdict::allow, Decider::rule, 11},
      {"Reject", packet("eth0", "203.0.113.7", "tcp/113"), Verdict::reject, Decider::rule, 12},
      {"NoListForThePair", packet("eth1", "10.0.0.7", "tcp/22"), Verdict::deny,
       Decider::default_deny, 0},
      {"Forwarded", packet("eth1", "10.0.0.7", "tcp/22", "eth0", "192.0.2.1"), Verdict::allow,
       Decider::rule, 20},
      {"Spoofed", packet("eth1", "10.0.1.7", "tcp/22", "eth0", "192.0.2.1"), Verdict::deny,
       Decider::spoofed, 0},
      {"LinkLocalIsNotSpoofed", packet("eth1", "fe80::1", "tcp/22"), Verdict::deny,
       Decider::default_deny, 0},
      {"NoAddressYetIsNotSpoofed", packet("eth1", "0.0.0.0", "udp/67"), Verdict::deny,
       Decider::default_deny, 0},
      {"NoZone", packet("tun0", "10.0.0.7", "tcp/80"), Verdict::deny, Decider::no_zone, 0},
      {"ForwardedIntoNoZone", packet("eth1", "10.0.0.7", "tcp/80", "tun0", "192.0.2.1"),
       Verdict::deny, Decider::default_deny, 0},
      {"ForwardedBetweenNoZones", packet("tun0", "10.0.0.7", "tcp/80", "tun1", "192.0.2.1"),
       Verdict::allow, Decider::default_allow, 0},
      {"Loopback", packet("lo", "127.0.0.1", "tcp/22"), Verdict::allow, Decider::loopback, 0},
      {"OutputIsFree", packet("", "203.0.113.1", "tcp/22", "eth0", "192.0.2.1"), Verdict::allow,
       Decider::default_allow, 0},
      {"NeighbourDiscovery", packet("eth0", "fe80::1", "icmpv6/135"), Verdict::allow,
       Decider::essential_icmp, 0},
      {"NeighbourDiscoveryIsNotForwarded",
       packet("eth0", "2001:db8::1", "icmpv6/135", "eth1", "fd00::1"), Verdict::deny,
       Decider::default_deny, 0},
  };

  for (const auto& row : cases) {
    const Fate fate = meets(edge(), row.packet);
    EXPECT_EQ(fate.verdict, row.verdict) << row.name;
    EXPECT_EQ(fate.decider, row.decider) << row.name;
    EXPECT_EQ(fate.pos.line, row.line) << row.name;
  }
}

TEST(Simulate, StateDecidesBeforeRules) {
  Packet one = packet("eth0", "203.0.113.7", "tcp/22");
  one.state = ConnState::established;
  EXPECT_EQ(meets(edge(), one).decider, Decider::established);
  one.state = ConnState::related;
  EXPECT_EQ(meets(edge(), one).decider, Decider::established);
  one.state = ConnState::invalid;
  EXPECT_EQ(meets(edge(), one).decider, Decider::invalid_state);
}

TEST(Simulate, PathsThatAreNotGovernedAreFree) {
  Policy policy = edge();
  policy.lists.pop_back();  // nothing forwards any more
  const Packet through = packet("eth0", "203.0.113.7", "tcp/22", "eth1", "10.0.0.7");
  EXPECT_EQ(meets(edge(), through).decider, Decider::default_deny);
  EXPECT_EQ(meets(policy, through).decider, Decider::default_allow);
  policy.lists.push_back(list({kHost}, {kLan}, {allow(30, "dns")}));
  const Packet out = packet("", "203.0.113.1", "tcp/22", "eth0", "192.0.2.1");
  EXPECT_EQ(meets(policy, out).decider, Decider::default_deny);
}

TEST(Simulate, StrictIcmpNeedsRules) {
  Policy policy = edge();
  policy.is_icmp_strict = true;
  EXPECT_EQ(meets(policy, packet("eth0", "fe80::1", "icmpv6/135")).pos.line, 13);
}

TEST(Simulate, BansComeFirstAndSpareWhoIsInNever) {
  Policy policy = edge();
  policy.bans.never = build::ranges({"203.0.113.8"});
  policy.management = Management{.from = build::addresses({"198.51.100.0/24"})};
  SimulationState state;
  for (const char* source : {"203.0.113.7", "203.0.113.8", "198.51.100.7", "2001:db8::1"})
    state.ban(ip(source), 10s);
  Packet one = packet("eth0", "203.0.113.7", "tcp/80");
  one.state = ConnState::established;
  EXPECT_EQ(simulate(policy, one, state).decider, Decider::banned);
  one.at = 10s;
  EXPECT_EQ(simulate(policy, one, state).decider, Decider::established);
  EXPECT_EQ(simulate(policy, packet("eth0", "203.0.113.8", "tcp/80"), state).pos.line, 11);
  EXPECT_EQ(simulate(policy, packet("eth0", "198.51.100.7", "tcp/80"), state).pos.line, 11);
  // an IPv6 ban is of the /64
  EXPECT_EQ(simulate(policy, packet("eth0", "2001:db8::2", "tcp/80"), state).decider,
            Decider::banned);
  EXPECT_EQ(simulate(policy, packet("eth0", "2001:db8:0:1::1", "tcp/80"), state).pos.line, 11);
}

TEST(Simulate, ALimitThatIsUsedUpDoesNotMatch) {
  Policy policy = build::two_zones();
  Rule ping = allow(10, "ping");
  ping.limit = Rate{.count = 1, .per = 1s, .burst = 2};
  policy.lists = {list({kWan}, {kHost}, {ping, deny(11, "any")})};
  SimulationState state;
  Packet one = packet("eth0", "203.0.113.7", "icmp/8");
  EXPECT_EQ(simulate(policy, one, state).pos.line, 10);
  one.source = ip("203.0.113.8");  // one bucket for all
  EXPECT_EQ(simulate(policy, one, state).pos.line, 10);
  EXPECT_EQ(simulate(policy, one, state).pos.line, 11);
  one.at = 1s;
  EXPECT_EQ(simulate(policy, one, state).pos.line, 10);
}

TEST(Simulate, PerSourceDeniesAndBans) {
  Policy policy = build::two_zones();
  Rule web = allow(10, "http");
  web.per_source.new_connections = Rate{.count = 1, .per = 1s, .burst = 2};
  web.per_source.ban_for = 600s;
  policy.lists = {list({kWan}, {kHost}, {web, allow(11, "any")})};
  SimulationState state;
  Packet one = packet("eth0", "203.0.113.7", "tcp/80");
  EXPECT_EQ(simulate(policy, one, state).verdict, Verdict::allow);
  EXPECT_EQ(simulate(policy, one, state).verdict, Verdict::allow);
  const Fate over = simulate(policy, one, state);
  EXPECT_EQ(over.verdict, Verdict::deny);
  EXPECT_EQ(over.pos.line, 10);  // denied by this rule, not handed on
  EXPECT_TRUE(over.causes_ban);
  one.at = 60s;
  EXPECT_EQ(simulate(policy, one, state).decider, Decider::banned);
  one.source = ip("203.0.113.8");
  EXPECT_EQ(simulate(policy, one, state).verdict, Verdict::allow);
}

TEST(Simulate, ConnectionsOfASourceAreCounted) {
  Policy policy = build::two_zones();
  Rule web = allow(10, "http");
  web.per_source.connections = 2;
  policy.lists = {list({kWan}, {kHost}, {web})};
  SimulationState state;
  const Packet one = packet("eth0", "2001:db8::7", "tcp/80");
  const Packet neighbour = packet("eth0", "2001:db8::8", "tcp/80");
  EXPECT_EQ(simulate(policy, one, state).verdict, Verdict::allow);
  EXPECT_EQ(simulate(policy, neighbour, state).verdict, Verdict::allow);
  EXPECT_EQ(simulate(policy, one, state).verdict, Verdict::deny);
  state.close_connection(&policy.lists[0].rules[0], one.source);
  EXPECT_EQ(simulate(policy, one, state).verdict, Verdict::allow);
}

TEST(Simulate, ARuleBansThoseWhoMeetItOften) {
  Policy policy = build::two_zones();
  Rule last = deny(10, "any");
  last.ban = BanAfter{.duration = 60s, .after = Rate{.count = 30, .per = 60s, .burst = 2}};
  policy.lists = {list({kWan}, {kHost}, {last})};
  SimulationState state;
  const Packet one = packet("eth0", "203.0.113.7", "tcp/23");
  EXPECT_FALSE(simulate(policy, one, state).causes_ban);
  EXPECT_FALSE(simulate(policy, one, state).causes_ban);
  EXPECT_TRUE(simulate(policy, one, state).causes_ban);
  EXPECT_EQ(simulate(policy, one, state).decider, Decider::banned);
}

TEST(Simulate, NoRuleBansALink) {
  Policy policy = build::two_zones();
  Rule last = deny(10, "any");
  last.ban = BanAfter{.duration = 60s};
  policy.lists = {list({kWan}, {kHost}, {last})};
  SimulationState state;
  EXPECT_FALSE(simulate(policy, packet("eth0", "fe80::7", "tcp/23"), state).causes_ban);
  EXPECT_TRUE(simulate(policy, packet("eth0", "2001:db8::7", "tcp/23"), state).causes_ban);
  EXPECT_EQ(simulate(policy, packet("eth0", "2001:db8::1", "icmpv6/135"), state).decider,
            Decider::essential_icmp);
  EXPECT_EQ(simulate(policy, packet("eth0", "2001:db8::1", "tcp/80"), state).decider,
            Decider::banned);
}

TEST(Simulate, ConditionsOfARule) {
  Policy policy = build::two_zones();
  policy.feeds = {{.name = "abuse", .never = build::ranges({"203.0.113.9"})}};
  Rule feed = deny(10, "any", build::from_feed(0));
  Rule office = allow(11, "tcp/1");
  office.when = When{.days = 0b0111110, .from = 8h, .to = 17h};
  Rule night = allow(12, "tcp/2");
  night.when = When{.from = 22h, .to = 6h};
  Rule once = allow(13, "tcp/3");
  once.until = std::chrono::sys_days{std::chrono::year{2026} / 12 / 31};
  policy.lists = {list({kWan}, {kHost}, {feed, office, night, once})};
  const auto monday = std::chrono::sys_days{std::chrono::year{2026} / 11 / 30};

  const struct {
    const char* name;
    const char* source;
    const char* service;
    std::chrono::sys_seconds wall;
    int line;
  } cases[] = {
      {"InTheFeed", "203.0.113.7", "tcp/1", monday + 9h, 10},
      {"NeverInTheFeed", "203.0.113.9", "tcp/1", monday + 9h, 11},
      {"OfficeBegins", "192.0.2.1", "tcp/1", monday + 8h, 11},
      {"BeforeOffice", "192.0.2.1", "tcp/1", monday + 8h - 1s, 0},
      {"OfficeEnds", "192.0.2.1", "tcp/1", monday + 17h, 0},
      {"Sunday", "192.0.2.1", "tcp/1", monday - 24h + 9h, 0},
      {"Night", "192.0.2.1", "tcp/2", monday + 23h, 12},
      {"EarlyMorning", "192.0.2.1", "tcp/2", monday + 5h, 12},
      {"Morning", "192.0.2.1", "tcp/2", monday + 6h, 0},
      {"BeforeItExpires", "192.0.2.1", "tcp/3", monday, 13},
      {"Expired", "192.0.2.1", "tcp/3", *once.until, 0},
  };

  for (const auto& row : cases) {
    SimulationState state({build::ranges({"203.0.113.0/24"})});
    Packet one = packet("eth0", row.source, row.service);
    one.wall = row.wall;
    EXPECT_EQ(simulate(policy, one, state).pos.line, row.line) << row.name;
  }
}

TEST(Simulate, OwnerIsOfTheHostsOwnPackets) {
  Policy policy = build::two_zones();
  Rule apt = allow(10, "http");
  apt.owner = Owner{.uid = 42, .text = "_apt"};
  Rule unit = allow(11, "https");
  unit.owner = Owner{.cgroup = "system.slice/web.service"};
  policy.lists = {list({kHost}, {kWan}, {apt, unit})};
  Packet one = packet("", "203.0.113.1", "tcp/80", "eth0", "192.0.2.1");
  EXPECT_EQ(meets(policy, one).decider, Decider::default_deny);
  one.uid = 42;
  EXPECT_EQ(meets(policy, one).pos.line, 10);
  one.destination_port = 443;
  one.cgroup = "system.slice/web.service2";
  EXPECT_EQ(meets(policy, one).decider, Decider::default_deny);
  one.cgroup = "system.slice/web.service/worker";
  EXPECT_EQ(meets(policy, one).pos.line, 11);
}

TEST(Simulate, ForwardBringsItsAllow) {
  Policy policy = build::two_zones();
  policy.nat = {{.kind = NatRule::Kind::forward,
                 .pos = {"edge.yaml", 5, 5},
                 .via = {kWan},
                 .services = services("tcp/8080"),
                 .to = {ip("10.0.0.5")},
                 .to_port = 80}};
  policy.lists = {list({kWan}, {kLan}, {deny(10, "any", build::addresses({"198.51.100.0/24"}))})};
  const Fate fate = meets(policy, packet("eth0", "203.0.113.7", "tcp/8080"));
  EXPECT_EQ(fate.verdict, Verdict::allow);
  EXPECT_EQ(fate.decider, Decider::nat);
  EXPECT_EQ(fate.pos.line, 5);
  EXPECT_EQ(fate.dnat_to, ip("10.0.0.5"));
  EXPECT_EQ(fate.dnat_port, 80);
  // another port, another zone, a family without a target, and what is not for this host
  for (const Packet& other :
       {packet("eth0", "203.0.113.7", "tcp/80"), packet("eth1", "10.0.0.7", "tcp/8080"),
        packet("eth0", "2001:db8::7", "tcp/8080"),
        packet("eth0", "203.0.113.7", "tcp/8080", "eth1", "10.0.0.5")}) {
    const Fate none = meets(policy, other);
    EXPECT_EQ(none.verdict, Verdict::deny);
    EXPECT_EQ(none.dnat_to, std::nullopt);
  }
  policy.nat[0].limit = Rate{.count = 1, .per = 1s, .burst = 1};
  SimulationState state;
  const Packet one = packet("eth0", "203.0.113.7", "tcp/8080");
  EXPECT_EQ(simulate(policy, one, state).verdict, Verdict::allow);
  const Fate over = simulate(policy, one, state);  // wan -> lan decides on what it became
  EXPECT_EQ(over.decider, Decider::default_deny);
  EXPECT_EQ(over.dnat_to, ip("10.0.0.5"));
}

TEST(Simulate, RulesAreAskedBeforeAForward) {
  Policy policy = build::two_zones();
  policy.nat = {{.kind = NatRule::Kind::forward,
                 .pos = {"edge.yaml", 5, 5},
                 .via = {kWan},
                 .services = services("tcp/8080"),
                 .to = {ip("10.0.0.5")},
                 .to_port = 80}};
  policy.lists = {list({kWan}, {kLan},
                       {deny(10, "any", build::addresses({"198.51.100.0/24"})), allow(11, "tcp/22"),
                        deny(12, "tcp/8080")})};
  const Fate denied = meets(policy, packet("eth0", "198.51.100.7", "tcp/8080"));
  EXPECT_EQ(denied.verdict, Verdict::deny);
  EXPECT_EQ(denied.pos.line, 10);
  EXPECT_EQ(denied.dnat_to, ip("10.0.0.5"));
  // The port is the one behind it: line 12 is about another.
  EXPECT_EQ(meets(policy, packet("eth0", "203.0.113.7", "tcp/8080")).decider, Decider::nat);
}

TEST(Simulate, RedirectMeetsTheRulesToTheHost) {
  Policy policy = build::two_zones();
  policy.nat = {{.kind = NatRule::Kind::redirect,
                 .pos = {"edge.yaml", 5, 5},
                 .via = {kLan},
                 .services = services("dns"),
                 .to_port = 5353}};
  policy.lists = {list({kLan}, {kWan}, {allow(10, "any")}),
                  list({kLan}, {kHost}, {allow(20, "udp/5353")})};
  const Fate fate = meets(policy, packet("eth1", "10.0.0.7", "udp/53", "eth0", "192.0.2.1"));
  EXPECT_EQ(fate.pos.line, 20);
  EXPECT_EQ(fate.dnat_port, 5353);
  EXPECT_EQ(fate.dnat_to, std::nullopt);
  EXPECT_EQ(meets(policy, packet("eth1", "10.0.0.7", "tcp/53", "eth0", "192.0.2.1")).verdict,
            Verdict::deny);
  EXPECT_EQ(meets(policy, packet("eth1", "10.0.0.7", "tcp/54", "eth0", "192.0.2.1")).pos.line, 10);
}

TEST(Explain, TellsEachStep) {
  Policy policy = edge();
  SimulationState state;
  EXPECT_EQ(
      explain(policy, packet("eth0", "203.0.113.7", "tcp/22"), state).steps,
      (std::vector<std::string>{
          "zone wan (eth0) -> host", "edge.yaml:10 allow ssh: source is not in admins",
          "edge.yaml:11 allow http: is another service",
          "edge.yaml:12 reject tcp/113: is another service", "edge.yaml:13 deny any: denied"}));
  EXPECT_EQ(explain(policy, packet("eth1", "10.0.0.7", "tcp/22"), state).steps,
            (std::vector<std::string>{"zone lan (eth1) -> host", "the end of the lists: denied"}));
}

}  // namespace
}  // namespace ravelin::policies
