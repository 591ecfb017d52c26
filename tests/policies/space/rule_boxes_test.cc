#include "policies/space/rule_boxes.h"

#include "policies/space/describe.h"
#include "tests/policies/support/build_policy.h"

#include <gtest/gtest.h>

#include <bit>

namespace ravelin::policies {
namespace {

using build::addresses;
using build::allow;
using build::ranges;
using build::services;

std::vector<std::string> texts(std::span<const Box> boxes) {
  std::vector<std::string> list;
  list.reserve(boxes.size());
  for (const Box& box : boxes) {
    list.push_back(service_text(box) + " from " + address_text(box.source) + " to " +
                   address_text(box.destination));
  }
  return list;
}

using Texts = std::vector<std::string>;

TEST(RuleBoxes, ARuleIsAboutBothFamilies) {
  EXPECT_EQ(texts(boxes_of(services("tcp/22"), everyone(), everyone(), 1)),
            (Texts{"tcp/22 from any IPv4 address to any IPv4 address",
                   "tcp/22 from any IPv6 address to any IPv6 address"}));
}

TEST(RuleBoxes, IcmpIsOfOneFamily) {
  EXPECT_EQ(texts(boxes_of(services("ping"), everyone(), everyone(), 1)),
            (Texts{"icmp/8 from any IPv4 address to any IPv4 address",
                   "icmpv6/128 from any IPv6 address to any IPv6 address"}));
}

TEST(RuleBoxes, NoServiceIsEveryProtocol) {
  EXPECT_EQ(texts(boxes_of({}, ranges({"10.0.0.1"}), everyone(), 1)),
            (Texts{"any protocol from 10.0.0.1 to any IPv4 address"}));
}

TEST(RuleBoxes, ProtocolsWithoutPortsHaveAllOfThem) {
  const std::vector<ServiceTerm> gre = {{47, 5, 5}};
  const std::vector<Box> boxes = boxes_of(gre, ranges({"10.0.0.1"}), everyone(), 1);
  EXPECT_EQ(boxes.at(0).ports, kAllPorts);
}

TEST(RuleBoxes, NobodyIsNoBox) {
  AddressMatch nobody;
  nobody.is_restricted = true;
  EXPECT_TRUE(addresses_of(nobody, {}, FeedReading::possible).empty());
  EXPECT_TRUE(boxes_of({}, ranges({"10.0.0.1"}), ranges({"fd00::1"}), 1).empty());
  EXPECT_TRUE(boxes_of({}, everyone(), everyone(), 0).empty());
}

TEST(RuleBoxes, AFeedHoldsNothingForCertainAndAllButItsNeverPossibly) {
  const std::vector<Feed> feeds = {{.name = "abuse", .never = ranges({"10.0.0.0/8"})}};
  AddressMatch match = addresses({"10.0.0.7"});
  match.feeds = {0};
  EXPECT_EQ(addresses_of(match, feeds, FeedReading::certain), ranges({"10.0.0.7"}));
  const AddressRanges possible = addresses_of(match, feeds, FeedReading::possible);
  EXPECT_TRUE(contains(possible, build::ip("10.0.0.7")));
  EXPECT_FALSE(contains(possible, build::ip("10.0.0.8")));
  EXPECT_TRUE(contains(possible, build::ip("11.0.0.0")));
  EXPECT_TRUE(contains(possible, build::ip("::1")));
}

TEST(RuleBoxes, NoPacketIsIcmpv6InIpv4) {
  const std::vector<Box> parts = everything_between(ranges({"10.0.0.1"}), everyone(), 1);
  EXPECT_EQ(texts(parts), (Texts{"proto/0 from 10.0.0.1 to any IPv4 address",
                                 "protocols 2 to 57 from 10.0.0.1 to any IPv4 address",
                                 "protocols 59 to 255 from 10.0.0.1 to any IPv4 address",
                                 "icmp from 10.0.0.1 to any IPv4 address"}));
}

TEST(RuleBoxes, SourcesOfAZoneAreItsNetworksAndTheLink) {
  const Policy policy = build::two_zones();
  const AddressRanges lan = plausible_sources(policy, build::kLan);
  for (const char* source : {"10.0.0.9", "fd00::9", "fe80::1", "::", "0.0.0.0"})
    EXPECT_TRUE(contains(lan, build::ip(source))) << source;
  for (const char* source : {"10.0.1.9", "2001:db8::1", "0.0.0.1"})
    EXPECT_FALSE(contains(lan, build::ip(source))) << source;
  EXPECT_EQ(plausible_sources(policy, build::kWan), everyone());
}

TEST(RuleBoxes, EssentialIcmpv6GoesWithStrict) {
  Policy policy = build::two_zones();
  EXPECT_EQ(texts(essential_boxes(policy, build::kWan, build::kLan)),
            (Texts{"icmpv6/1-4 from any IPv6 address to any IPv6 address"}));
  EXPECT_EQ(texts(essential_boxes(policy, build::kWan, kHost)).at(1),
            "icmpv6/130-136 from any IPv6 address to any IPv6 address");
  policy.is_icmp_strict = true;
  EXPECT_TRUE(essential_boxes(policy, build::kWan, kHost).empty());
}

TEST(InterfaceClasses, TellApartWhatViaTellsApart) {
  Policy policy = build::two_zones();
  policy.zones[0].interfaces = {"eth0", "ppp*"};
  policy.zones[1].interfaces = {"ppp9"};
  Rule any = allow(1, "any");
  Rule ppp = allow(2, "any");
  ppp.via = {"ppp*"};
  Rule ppp1 = allow(3, "any");
  ppp1.via = {"ppp1", "ppp9"};
  const std::vector<const Rule*> rules = {&any, &ppp, &ppp1};
  const auto classes = InterfaceClasses::of(policy, 0, rules);
  ASSERT_TRUE(classes.has_value());
  EXPECT_EQ(classes->mask_of({}), classes->all());
  EXPECT_EQ(std::popcount(classes->all()), 3);  // eth0, ppp1, other ppp
  EXPECT_EQ(std::popcount(classes->mask_of(ppp.via)), 2);
  EXPECT_EQ(classes->example(classes->mask_of(ppp1.via)), "ppp1");
  EXPECT_EQ(classes->example(classes->mask_of(ppp.via) & ~classes->mask_of(ppp1.via)), "ppp0");
  EXPECT_EQ(InterfaceClasses::of(policy, kHost, rules)->all(), 1U);
}

TEST(InterfaceClasses, MoreThanABoxCanHoldIsUndecided) {
  Policy policy = build::two_zones();
  policy.zones[0].interfaces = {"eth*"};
  std::vector<Rule> rules;
  for (int i = 0; i < 65; ++i) {
    rules.push_back(allow(i, "any"));
    rules.back().via = {"eth" + std::to_string(i)};
  }
  std::vector<const Rule*> all;
  all.reserve(rules.size());
  for (const Rule& rule : rules)
    all.push_back(&rule);
  EXPECT_FALSE(InterfaceClasses::of(policy, 0, all).has_value());
  all.resize(63);
  EXPECT_TRUE(InterfaceClasses::of(policy, 0, all).has_value());
}

TEST(InterfaceOf, AvoidsMoreSpecificPatterns) {
  const std::vector<std::string> others = {"wg*", "w*", "wg0", "wg1*"};
  EXPECT_EQ(interface_of("wg*", others), "wg2");
  EXPECT_EQ(interface_of("eth0", others), "eth0");
}

}  // namespace
}  // namespace ravelin::policies
