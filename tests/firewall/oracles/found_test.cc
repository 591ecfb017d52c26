// What the oracles found, cut down to the least: each was a bug in the compiler, or in a simulator.
#include "tests/firewall/oracles/case.h"
#include "tests/firewall/oracles/text.h"
#include "tests/policies/support/build_policy.h"

#include <gtest/gtest.h>

namespace ravelin::firewall::oracles {
namespace {

using namespace std::chrono_literals;
using policies::ConnState;
using policies::kHost;
using policies::NatRule;
using policies::Packet;
using policies::Rate;
using policies::Verb;
using policies::build::addresses;
using policies::build::allow;
using policies::build::deny;
using policies::build::ip;
using policies::build::kLan;
using policies::build::kWan;
using policies::build::list;
using policies::build::packet;

// wan (eth0) and lan (eth1), no networks.
Case with_rules(std::vector<policies::ZoneId> from, std::vector<policies::ZoneId> to,
                std::vector<policies::Rule> rules) {
  Case asked;
  asked.policy = policies::build::two_zones();
  asked.policy.zones[kLan].networks.clear();
  asked.policy.lists = {list(std::move(from), std::move(to), std::move(rules))};
  return asked;
}

NatRule forward(int line, std::string_view services, std::string_view to) {
  NatRule nat;
  nat.kind = NatRule::Kind::forward;
  nat.pos = {std::string(policies::build::kFile), line, 5};
  nat.via = {kWan};
  nat.services = policies::build::services(services);
  nat.to = {ip(to)};
  nat.ipv4 = nat.to.front().family == base::Family::ipv4;
  nat.ipv6 = !nat.ipv4;
  return nat;
}

// The last packet meets this verdict by this line, in both; so do all before agree.
void expect_last(const Case& asked, policies::Verdict verdict, int line) {
  const auto found = disagreement(asked);
  EXPECT_FALSE(found) << disagreement_text(asked, *found);
  policies::SimulationState state = simulation_state_of(asked);
  policies::Fate fate;
  for (const Packet& one : asked.packets)
    fate = policies::simulate(asked.policy, one, state);
  EXPECT_EQ(answer_of(fate).verdict, verdict);
  EXPECT_EQ(answer_of(fate).line, line);
}

Packet ported(Packet one, std::uint16_t source_port) {
  one.source_port = source_port;
  return one;
}

TEST(Found, ProtocolZeroIsNotAnyProtocol) {
  policies::Rule rule = allow(10, "any");
  rule.services = {{0}};
  Case asked = with_rules({kWan}, {kHost}, {rule});
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/22")};
  expect_last(asked, policies::Verdict::deny, 0);
}

TEST(Found, WholeIcmpIsOfItsFamily) {
  Case asked = with_rules({kWan}, {kHost}, {allow(10, "icmp")});
  asked.packets = {packet("eth0", "2001:db8::9", "icmp/8")};
  expect_last(asked, policies::Verdict::deny, 0);
}

TEST(Found, ARuleThatNamesAProtocolTwiceCountsOnce) {
  policies::Rule rule = policies::build::rule(Verb::count, 10, "tcp, tcp/22");
  rule.ban = policies::BanAfter{60s, Rate{.count = 1, .per = 3600s, .burst = 1}};
  Case asked = with_rules({kWan}, {kHost}, {rule, allow(11, "any")});
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/22"),
                   ported(packet("eth0", "203.0.113.9", "udp/53"), 2)};
  expect_last(asked, policies::Verdict::allow, 11);
}

TEST(Found, WhoHasNoSocketHasNoOwner) {
  policies::Rule rule = allow(10, "any");
  rule.owner = policies::Owner{.uid = 7, .cgroup = "", .text = "7"};
  Case asked = with_rules({kHost, kWan}, {kLan}, {rule});
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/22", "eth1", "192.0.2.7")};
  expect_last(asked, policies::Verdict::deny, 0);
}

TEST(Found, HoursOfTheDayAreLoweredAsTheyStandInARegister) {
  policies::Rule rule = allow(10, "any");
  rule.when = policies::When{.days = 0x7f, .from = 600min, .to = 765min};
  Case asked = with_rules({kWan}, {kHost}, {rule});
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/22")};
  asked.packets[0].wall = std::chrono::sys_seconds(1728045000s);  // half past noon
  expect_last(asked, policies::Verdict::allow, 10);
}

TEST(Found, AForwardOfAnyServiceForwards) {
  Case asked = with_rules({kWan}, {kHost}, {});
  asked.policy.nat = {forward(10, "any", "10.0.0.7")};
  asked.packets = {packet("eth0", "203.0.113.9", "gre", "", "192.0.2.1")};
  expect_last(asked, policies::Verdict::allow, 10);
}

TEST(Found, AForwardOfPingLooksAtItsType) {
  Case asked = with_rules({kWan}, {kHost}, {});
  asked.policy.nat = {forward(10, "ping", "10.0.0.7")};
  asked.packets = {packet("eth0", "203.0.113.9", "icmp/8", "", "192.0.2.1")};
  expect_last(asked, policies::Verdict::allow, 10);
  asked.packets = {packet("eth0", "203.0.113.9", "icmp/13", "", "192.0.2.1")};
  expect_last(asked, policies::Verdict::deny, 0);
}

TEST(Found, TwoForwardsToOnePortKeepTheirLimits) {
  Case asked = with_rules({kWan}, {kHost}, {});
  asked.policy.nat = {forward(10, "tcp/80", "10.0.0.7"), forward(11, "tcp/81", "10.0.0.7")};
  for (NatRule& nat : asked.policy.nat)
    nat.to_port = 80;
  asked.policy.nat[0].limit = Rate{.count = 1, .per = 3600s, .burst = 1};
  const Packet first = packet("eth0", "203.0.113.9", "tcp/80", "", "192.0.2.1");
  const Packet second = packet("eth0", "203.0.113.9", "tcp/81", "", "192.0.2.1");
  asked.packets = {ported(first, 1), ported(second, 2), ported(second, 3)};
  expect_last(asked, policies::Verdict::allow, 11);
}

TEST(Found, AForwardOfTwoZonesHasOneLimit) {
  Case asked = with_rules({kWan}, {kHost}, {});
  asked.policy.nat = {forward(10, "tcp/80", "10.0.0.7")};
  asked.policy.nat[0].via = {kWan, kLan};
  asked.policy.nat[0].limit = Rate{.count = 1, .per = 3600s, .burst = 1};
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/80", "", "192.0.2.1"),
                   packet("eth1", "203.0.113.9", "tcp/80", "", "192.0.2.1")};
  asked.packets[1].source_port = 2;
  expect_last(asked, policies::Verdict::deny, 0);
}

TEST(Found, NatEntriesCountInTheOrderWritten) {
  Case asked = with_rules({kWan}, {kHost}, {allow(12, "tcp/80")});
  asked.policy.nat = {forward(10, "tcp/80", "10.0.0.7"), forward(11, "tcp/80", "10.0.0.7")};
  asked.policy.nat[0].kind = NatRule::Kind::redirect;
  asked.policy.nat[0].to.clear();
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/80", "", "192.0.2.1")};
  expect_last(asked, policies::Verdict::allow, 12);
}

Case with_ban(std::vector<policies::Rule> behind) {
  policies::Rule trap = deny(10, "tcp/1");
  trap.ban = policies::BanAfter{60s, {}};
  behind.insert(behind.begin(), trap);
  return with_rules({kWan}, {kHost}, std::move(behind));
}

TEST(Found, ABanByARuleLeavesConnectionsAlone) {
  Case asked = with_ban({allow(11, "any")});
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/1"),
                   ported(packet("eth0", "203.0.113.9", "tcp/2"), 2)};
  expect_last(asked, policies::Verdict::deny, 0);
  asked.packets[1].state = ConnState::established;
  expect_last(asked, policies::Verdict::allow, 0);
}

TEST(Found, NeverSparesTheNeighbourOfWhoIsBanned) {
  Case asked = with_ban({allow(11, "any")});
  asked.policy.bans.never = policies::build::ranges({"2001:db8::7"});
  asked.packets = {packet("eth0", "2001:db8::9", "tcp/1"),
                   ported(packet("eth0", "2001:db8::7", "tcp/2"), 2)};
  expect_last(asked, policies::Verdict::allow, 11);
}

TEST(Found, ANeighbourBansNobodyOfItsLink) {
  for (const char* source : {"fe80::9", "2001:db8::9"}) {
    Case asked = with_ban({allow(11, "any")});
    asked.packets = {packet("eth0", source, "tcp/1"), packet("eth0", "2001:db8::1", "icmpv6/136")};
    expect_last(asked, policies::Verdict::allow, 0);
    asked.policy.is_icmp_strict = true;
    asked.packets[1] = packet("eth0", "fe80::1", "icmpv6/134");
    expect_last(asked, policies::Verdict::allow, 11);
  }
}

TEST(Found, ManagementIsNeverBannedByARule) {
  Case asked = with_ban({allow(11, "any")});
  asked.policy.management = policies::Management{.from = addresses({"203.0.113.9"})};
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/1"),
                   ported(packet("eth0", "203.0.113.9", "tcp/2"), 2)};
  expect_last(asked, policies::Verdict::allow, 11);
}

TEST(Found, BetweenInterfacesOfNoZoneNothingIsOurs) {
  Case asked = with_ban({});
  asked.policy.lists.push_back(list({kWan}, {kLan}, {deny(12, "any")}));
  const Packet through = ported(packet("tun0", "203.0.113.9", "tcp/2", "tun1", "192.0.2.1"), 2);
  asked.packets = {packet("eth0", "203.0.113.9", "tcp/1"), through};
  expect_last(asked, policies::Verdict::allow, 0);
  asked.packets[1].state = ConnState::invalid;
  expect_last(asked, policies::Verdict::allow, 0);
  asked.packets[1].out_interface = "eth1";
  expect_last(asked, policies::Verdict::deny, 0);
}

}  // namespace
}  // namespace ravelin::firewall::oracles
