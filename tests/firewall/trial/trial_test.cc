// The tests of shipped policies on the simulator of rulesets; that a trial can fail; frames.
#include "firewall/trial/trial.h"

#include "tests/firewall/trial/shipped.h"
#include "tests/policies/support/build_policy.h"

namespace ravelin::firewall::trial {
namespace {

using policies::Packet;
using policies::build::packet;

TEST(Trial, ShippedPoliciesPassOnTheirRulesets) {
  for (const char* path : kShipped)
    expect_all_pass(run_tests_on_ruleset(read_shipped(path), {}), path);
}

TEST(Trial, AWrongExpectationFails) {
  policies::Policy policy = read_shipped("policies/library/web-gateway.yaml");
  int failed = 0;
  for (policies::PolicyTest& test : policy.tests) {
    if (test.expect == policies::Verdict::allow)
      test.expect = policies::Verdict::deny;
    else
      test.expect = policies::Verdict::allow;
  }
  for (const policies::TestOutcome& outcome : run_tests_on_ruleset(policy, {}))
    failed += outcome.passed ? 0 : 1;
  EXPECT_GE(failed, 3);
}

TEST(Frame, IsRecognisedByItsTag) {
  const struct {
    const char* name;
    Packet packet;
    std::uint16_t port;
  } cases[] = {
      {"Tcp", packet("eth0", "203.0.113.9", "tcp/443", "", "192.0.2.1"), 443},
      {"Udp6", packet("eth0", "2001:db8::9", "udp/53", "", "2001:db8::1"), 53},
      {"Ping", packet("eth0", "203.0.113.9", "icmp/8", "", "192.0.2.1"), 8},
      {"Gre", packet("eth0", "203.0.113.9", "gre", "", "192.0.2.1"), 0},
  };

  for (const auto& row : cases) {
    const Octets bytes = packet_bytes(row.packet, tag_of(7));
    const auto seen = recognise(bytes, tag_of(7));
    ASSERT_TRUE(seen.has_value()) << row.name;
    EXPECT_EQ(seen->destination, row.packet.destination) << row.name;
    EXPECT_EQ(seen->destination_port, row.port) << row.name;
    EXPECT_FALSE(seen->is_refusal) << row.name;
    EXPECT_FALSE(recognise(bytes, tag_of(8)).has_value()) << row.name;
    EXPECT_FALSE(recognise(std::span(bytes).first(10), tag_of(7)).has_value()) << row.name;
  }
}

TEST(Places, AnAddressIsInOnePlace) {
  Places places;
  EXPECT_TRUE(add_places(packet("eth0", "203.0.113.9", "tcp/1", "", "192.0.2.1"), places));
  EXPECT_FALSE(add_places(packet("eth1", "203.0.113.9", "tcp/1", "", "192.0.2.1"), places));
  EXPECT_FALSE(add_places(packet("eth1", "192.0.2.1", "tcp/1", "", "192.0.2.2"), places));
  EXPECT_FALSE(add_places(packet("eth1", "127.0.0.1", "tcp/1", "", "192.0.2.2"), places));
  EXPECT_EQ(places.interfaces, std::set<std::string>{"eth0"});
  EXPECT_EQ(places.own.size(), 1U);
}

}  // namespace
}  // namespace ravelin::firewall::trial
