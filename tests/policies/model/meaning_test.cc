#include "policies/model/meaning.h"

#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

Rule rule(std::string id) {
  return {.id = std::move(id)};
}

// zones 0 wan, 1 lan
Policy two_zones() {
  Policy policy;
  policy.zones = {{.name = "wan", .interfaces = {"eth0", "ppp*"}},
                  {.name = "lan", .interfaces = {"eth*", "eth1*"}}};
  return policy;
}

std::vector<std::string> ids(const std::vector<const Rule*>& rules) {
  std::vector<std::string> list;
  list.reserve(rules.size());
  for (const Rule* one : rules)
    list.push_back(one->id);
  return list;
}

TEST(Meaning, TheMostSpecificPatternHasTheInterface) {
  const Policy policy = two_zones();
  EXPECT_EQ(zone_of(policy, "eth0"), 0);
  EXPECT_EQ(zone_of(policy, "eth01"), 1);
  EXPECT_EQ(zone_of(policy, "eth12"), 1);
  EXPECT_EQ(zone_of(policy, "ppp7"), 0);
  EXPECT_EQ(zone_of(policy, "wlan0"), std::nullopt);
}

TEST(Meaning, ListsWithAnyComeFirst) {
  Policy policy = two_zones();
  policy.lists = {
      {.from = {0}, .to = {kHost}, .rules = {rule("pair")}},
      {.from = {0, 1}, .to = {kHost}, .from_any = true, .rules = {rule("any to host")}},
      {.from = {0, 1},
       .to = {0, 1, kHost},
       .from_any = true,
       .to_any = true,
       .rules = {rule("any")}},
      {.from = {0}, .to = {0, 1, kHost}, .to_any = true, .rules = {rule("wan to any")}},
  };
  EXPECT_EQ(ids(rules_between(policy, 0, kHost)),
            (std::vector<std::string>{"any", "any to host", "wan to any", "pair"}));
  EXPECT_EQ(ids(rules_between(policy, 1, 0)), (std::vector<std::string>{"any"}));
  EXPECT_FALSE(forwards(policy));  // `any` alone opens no forward path
}

TEST(Meaning, TheHostMaySendUntilAListSaysOtherwise) {
  Policy policy = two_zones();
  EXPECT_EQ(ending(policy, kHost, 0), Verdict::allow);
  EXPECT_EQ(ending(policy, 0, kHost), Verdict::deny);
  policy.lists = {{.from = {kHost}, .to = {0}, .rules = {rule("out")}}};
  EXPECT_TRUE(governs_output(policy));
  EXPECT_EQ(ending(policy, kHost, 1), Verdict::deny);
}

TEST(Meaning, AListBetweenZonesOrAForwardOpensTheForwardPath) {
  Policy policy = two_zones();
  EXPECT_FALSE(forwards(policy));
  policy.nat = {{.kind = NatRule::Kind::masquerade}};
  EXPECT_FALSE(forwards(policy));
  policy.nat = {{.kind = NatRule::Kind::forward}};
  EXPECT_TRUE(forwards(policy));
  policy.nat.clear();
  policy.lists = {{.from = {1}, .to = {0}, .rules = {rule("out")}}};
  EXPECT_TRUE(forwards(policy));
}

TEST(Meaning, EssentialIcmpv6StaysOnTheLinkOrNot) {
  EXPECT_TRUE(is_essential_icmpv6(2, true));     // packet too big
  EXPECT_TRUE(is_essential_icmpv6(135, false));  // neighbour solicitation
  EXPECT_FALSE(is_essential_icmpv6(135, true));
  EXPECT_FALSE(is_essential_icmpv6(128, false));  // echo request is a service
}

}  // namespace
}  // namespace ravelin::policies
