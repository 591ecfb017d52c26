// What the tests inside a policy become: a packet has one address of one family and one port.
#include "tests/policies/parse/facts.h"
#include "tests/policies/parse/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kNames =
    "addresses: { nas: [192.168.1.5, \"fd00:1::5\"] }\n"
    "tests:\n";

PolicyTest read_tests(const std::string& test) {
  const Checked checked = check_text(around(kNames + ("  - " + test + "\n")), full_facts());
  EXPECT_THAT(checked.findings, IsEmpty()) << test;
  EXPECT_EQ(checked.policy().tests.size(), 1U) << test;
  return checked.policy().tests.at(0);
}

AddressRanges one(std::string_view address) {
  return {{ip(address), ip(address)}};
}

TEST(PolicyTests, PacketComesInForTheHost) {
  const PolicyTest test = read_tests(
      "{ name: n, packet: { in: wan, from: 203.0.113.9, to: host, service: tcp/443 }, "
      "expect: deny }");
  EXPECT_EQ(test.kind, PolicyTest::Kind::packet);
  EXPECT_EQ(test.name, "n");
  EXPECT_EQ(test.pos, (SourcePos{"/p/main.yaml", 10, 5}));
  EXPECT_EQ(test.packet.in, 0);
  EXPECT_EQ(test.packet.out, std::nullopt);
  EXPECT_TRUE(test.packet.to_host);
  EXPECT_EQ(test.packet.from.ranges, one("203.0.113.9"));
  EXPECT_THAT(test.packet.services, ElementsAre(ServiceTerm{kTcp, 443, 443}));
  EXPECT_EQ(test.expect, Verdict::deny);
  EXPECT_EQ(test.packet.repeat, 1U);
}

TEST(PolicyTests, PacketIsSentByTheHost) {
  const PolicyTest test = read_tests(
      "{ packet: { from: host, out: wan, to: 192.0.2.1, service: ssh }, expect: reject }");
  EXPECT_EQ(test.packet.in, kHost);
  EXPECT_EQ(test.packet.out, 0);
  EXPECT_FALSE(test.packet.to_host);
  EXPECT_EQ(test.packet.to.ranges, one("192.0.2.1"));
}

TEST(PolicyTests, NamesAreNarrowedToOneFamily) {
  const PolicyTest four = read_tests(
      "{ packet: { in: wan, from: 203.0.113.9, to: nas, service: ping }, expect: deny }");
  EXPECT_EQ(four.packet.to.ranges, one("192.168.1.5"));
  EXPECT_THAT(four.packet.services, ElementsAre(ServiceTerm{kIcmp, 8, 8}));
  const PolicyTest six = read_tests(
      "{ packet: { in: wan, from: \"2001:db8::9\", to: nas, service: ping }, expect: deny }");
  EXPECT_EQ(six.packet.to.ranges, one("fd00:1::5"));
  EXPECT_THAT(six.packet.services, ElementsAre(ServiceTerm{kIcmpv6, 128, 128}));
  const PolicyTest both =
      read_tests("{ packet: { from: host, out: lan, to: nas, service: ping }, expect: deny }");
  EXPECT_EQ(both.packet.to.ranges, one("192.168.1.5"));
}

TEST(PolicyTests, AnAddressOfTheHostKeepsItsZone) {
  const PolicyTest test = read_tests(
      "{ packet: { in: wan, from: 203.0.113.9, to: wan-address, service: tcp/443 }, "
      "expect: { allow: true, dnat: \"[fd00:1::5]:80\", redirect: 53 } }");
  EXPECT_EQ(test.packet.to_address_of, 0);
  EXPECT_EQ(test.packet.to.ranges, one("203.0.113.1"));
  EXPECT_EQ(test.expect, Verdict::allow);
  EXPECT_EQ(test.dnat_to, ip("fd00:1::5"));
  EXPECT_EQ(test.dnat_port, 80);
  EXPECT_EQ(test.redirect_port, 53);
}

TEST(PolicyTests, RepeatExpectsTheFirstAndTheLast) {
  const PolicyTest test = read_tests(
      "{ packet: { in: wan, from: 203.0.113.9, to: host, service: ssh, repeat: 251 in 2s }, "
      "expect: { first: allow, last: ban } }");
  EXPECT_EQ(test.packet.repeat, 251U);
  EXPECT_EQ(test.packet.within, std::chrono::seconds(2));
  EXPECT_EQ(test.expect, Verdict::allow);
  EXPECT_EQ(test.expect_last, Verdict::ban);
}

TEST(PolicyTests, ProofsAreAboutWhateverIsNotSaid) {
  const PolicyTest never = read_tests("{ never: { in: wan, to: [lan, dmz] } }");
  EXPECT_EQ(never.kind, PolicyTest::Kind::never);
  EXPECT_THAT(never.packet.to_zones, ElementsAre(1, 2));
  EXPECT_TRUE(never.packet.from.is_anyone());
  EXPECT_THAT(never.packet.services, IsEmpty());
  const PolicyTest always = read_tests("{ always: { from: lan, to: host, service: [ssh, ping] } }");
  EXPECT_EQ(always.kind, PolicyTest::Kind::always);
  EXPECT_EQ(always.packet.in, 1);  // a zone is also where it comes in
  EXPECT_EQ(always.packet.from.ranges.size(), 2U);
  EXPECT_EQ(always.packet.services.size(), 3U);
  const PolicyTest out = read_tests("{ never: { from: host, out: wan, to: nas } }");
  EXPECT_EQ(out.packet.in, kHost);
  EXPECT_EQ(out.packet.to.ranges.size(), 2U);
  EXPECT_TRUE(read_tests("{ never: { in: wan, out: host } }").packet.to_host);
}

}  // namespace
}  // namespace ravelin::policies
