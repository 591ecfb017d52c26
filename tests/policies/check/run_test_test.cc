#include "policies/check/run_test.h"

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

Policy edge() {
  Policy policy = build::two_zones();
  Rule web = allow(10, "http");
  web.id = "web";
  web.per_source.new_connections = Rate{.count = 50, .per = 1s, .burst = 200};
  web.per_source.ban_for = 600s;
  policy.nat = {{.kind = NatRule::Kind::forward,
                 .pos = {"edge.yaml", 5, 5},
                 .via = {kWan},
                 .services = services("tcp/8443"),
                 .to = {ip("10.0.0.5")},
                 .to_port = 443},
                {.kind = NatRule::Kind::redirect,
                 .pos = {"edge.yaml", 6, 5},
                 .via = {kLan},
                 .services = services("udp/53"),
                 .to_port = 53}};
  policy.lists = {list({kWan}, {kHost}, {web, deny(11, "any")}),
                  list({kLan}, {kHost}, {allow(20, "dns, ping")}),
                  list({kLan}, {kWan}, {allow(30, "any")})};
  return policy;
}

PolicyTest packet_test(TestPacket packet, Verdict expect) {
  PolicyTest test;
  test.packet = std::move(packet);
  test.expect = expect;
  return test;
}

TestPacket from_wan(std::string_view what) {
  return {
      .in = kWan, .from = addresses({"203.0.113.9"}), .to_host = true, .services = services(what)};
}

TEST(RunTest, APacketMeetsItsVerdictAndRule) {
  PolicyTest test = packet_test(from_wan("http"), Verdict::allow);
  test.by = "web";
  EXPECT_TRUE(run_test(edge(), test).passed);
  test.by = "api";
  EXPECT_EQ(run_test(edge(), test).message,
            "tcp/80 from 203.0.113.9 to 192.0.2.1: expected rule \"api\" to decide, but it is "
            "allowed by edge.yaml:10");
  EXPECT_EQ(run_test(edge(), packet_test(from_wan("ssh"), Verdict::allow)).message,
            "tcp/22 from 203.0.113.9 to 192.0.2.1: expected allow, but it is denied by "
            "edge.yaml:11");
  EXPECT_FALSE(run_test(edge(), packet_test(from_wan("ssh"), Verdict::reject)).passed);
}

TEST(RunTest, RepeatsAreSpreadOverTheirTime) {
  PolicyTest test = packet_test(from_wan("http"), Verdict::allow);
  test.packet.repeat = 251;
  test.expect_last = Verdict::ban;
  EXPECT_TRUE(run_test(edge(), test).passed) << run_test(edge(), test).message;
  test.packet.within = 60s;
  EXPECT_EQ(run_test(edge(), test).message,
            "tcp/80 from 203.0.113.9 to 192.0.2.1: expected ban at the last of 251, but it is "
            "allowed by edge.yaml:10");
}

TEST(RunTest, ForwardsAndRedirectsAreTold) {
  PolicyTest forward = packet_test(from_wan("tcp/8443"), Verdict::allow);
  forward.dnat_to = ip("10.0.0.5");
  forward.dnat_port = 443;
  EXPECT_TRUE(run_test(edge(), forward).passed);
  forward.dnat_port = 444;
  EXPECT_EQ(run_test(edge(), forward).message,
            "tcp/8443 from 203.0.113.9 to 192.0.2.1: expected port 444, but it is forwarded to "
            "10.0.0.5:443");
  PolicyTest redirect = packet_test(
      {.in = kLan, .to = addresses({"8.8.8.8"}), .services = services("udp/53")}, Verdict::allow);
  redirect.redirect_port = 53;
  EXPECT_TRUE(run_test(edge(), redirect).passed);
  redirect.packet.services = services("udp/54");
  EXPECT_EQ(run_test(edge(), redirect).message,
            "udp/54 from 10.0.0.1 to 8.8.8.8: expected it redirected to port 53, but it is not "
            "redirected");
}

TEST(RunTest, ProofsAreTestsToo) {
  PolicyTest test;
  test.kind = PolicyTest::Kind::never;
  test.packet = {.in = kWan, .to_host = true, .services = services("ssh")};
  EXPECT_TRUE(run_test(edge(), test).passed);
  test.packet.services = services("http");
  EXPECT_EQ(run_test(edge(), test).message,
            "tcp/80 from 203.0.113.9 to 192.0.2.1 (zone wan -> host) may be allowed by "
            "edge.yaml:10");
  test.kind = PolicyTest::Kind::always;
  EXPECT_TRUE(run_test(edge(), test).passed);
}

TEST(RunTest, TheWorldIsGiven) {
  Policy policy = edge();
  policy.feeds = {{.name = "abuse"}};
  Rule once = allow(12, "ssh");
  once.until = std::chrono::sys_seconds{1h};
  policy.lists[0].rules = {deny(9, "any", build::from_feed(0)), once};
  const PolicyTest test = packet_test(from_wan("ssh"), Verdict::allow);
  EXPECT_TRUE(run_test(policy, test).passed);
  EXPECT_FALSE(run_test(policy, test, {.feeds = {build::ranges({"203.0.113.9"})}}).passed);
  EXPECT_FALSE(run_test(policy, test, {.wall = std::chrono::sys_seconds{1h}}).passed);
}

TEST(PacketOf, ChoosesWhatIsLeftOpen) {
  const Policy policy = edge();

  const struct {
    const char* name;
    TestPacket test;
    const char* in;
    const char* out;
    const char* source;
    const char* destination;
  } cases[] = {
      {"ZoneOfTheSource",
       {.from = addresses({"10.0.0.7"}), .to_host = true, .services = services("ping")},
       "eth1",
       "",
       "10.0.0.7",
       "192.0.2.1"},
      {"SourceOfTheZone",
       {.in = kLan, .to_host = true, .services = services("dns")},
       "eth1",
       "",
       "10.0.0.1",
       "192.0.2.1"},
      {"ZoneOfTheDestination",
       {.in = kWan,
        .from = addresses({"2001:db8::9"}),
        .to = addresses({"fd00::5"}),
        .services = services("ping")},
       "eth0",
       "eth1",
       "2001:db8::9",
       "fd00::5"},
      {"TheRestOfTheWorld",
       {.in = kLan, .to = addresses({"8.8.8.8"}), .services = services("dns")},
       "eth1",
       "eth0",
       "10.0.0.1",
       "8.8.8.8"},
      {"SentByTheHost",
       {.in = kHost, .out = kWan, .to = addresses({"2001:db8::1"}), .services = services("ssh")},
       "",
       "eth0",
       "2001:db8:1::1",
       "2001:db8::1"},
      {"TheFamilyOfTheService",
       {.in = kLan, .to_host = true, .services = services("icmpv6/128")},
       "eth1",
       "",
       "fd00::1",
       "2001:db8:1::1"},
  };

  for (const auto& row : cases) {
    const auto packet = packet_of(policy, row.test);
    ASSERT_TRUE(packet.has_value()) << row.name << ": " << packet.error().message;
    EXPECT_EQ(packet->in_interface, row.in) << row.name;
    EXPECT_EQ(packet->out_interface, row.out) << row.name;
    EXPECT_EQ(packet->source, ip(row.source)) << row.name;
    EXPECT_EQ(packet->destination, ip(row.destination)) << row.name;
  }
}

TEST(PacketOf, SaysWhatIsMissing) {
  const struct {
    TestPacket test;
    const char* message;
  } cases[] = {
      {{.to_host = true, .services = services("ssh")}, "needs `in` or `from`"},
      {{.in = kWan, .to_host = true, .services = services("ssh")},
       "needs `from`: its zone has no networks to choose from"},
      {{.in = kLan, .services = services("ssh")}, "needs `to` or `out`"},
      {{.in = kLan, .to_host = true}, "needs `service`"},
      {{.in = kWan,
        .from = addresses({"203.0.113.9"}),
        .to = addresses({"fd00::5"}),
        .services = services("ssh")},
       "has no source and destination of one family for its service"},
  };

  for (const auto& row : cases) {
    const auto packet = packet_of(edge(), row.test);
    ASSERT_FALSE(packet.has_value()) << row.message;
    EXPECT_EQ(packet.error().message, row.message);
    const TestOutcome outcome = run_test(edge(), packet_test(row.test, Verdict::deny));
    EXPECT_FALSE(outcome.passed);
    EXPECT_EQ(outcome.message, row.message);
  }
}

}  // namespace
}  // namespace ravelin::policies
