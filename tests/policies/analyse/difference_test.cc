#include "policies/analyse/difference.h"

#include "tests/policies/support/build_policy.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::policies {
namespace {

using build::addresses;
using build::allow;
using build::deny;
using build::kLan;
using build::kWan;
using build::list;

using Texts = std::vector<std::string>;

Policy edge_before(std::vector<Rule> rules) {
  Policy policy = build::two_zones();
  policy.lists = {list({kWan}, {kHost}, std::move(rules))};
  return policy;
}

Texts lines(const Policy& before, const Policy& after) {
  Difference told = difference_between(before, after);
  EXPECT_TRUE(told.is_complete);
  std::sort(told.lines.begin(), told.lines.end());
  return told.lines;
}

TEST(Difference, TellsWhatOpensAndWhatCloses) {
  EXPECT_EQ(lines(edge_before({allow(10, "ssh")}),
                  edge_before({allow(10, "tcp/9100", addresses({"10.77.0.0/16"}))})),
            (Texts{"+ tcp/9100 from 10.77.0.0/16 (wan) to host is now allowed",
                   "- tcp/22 from any (wan) to host is no longer allowed"}));
}

TEST(Difference, IsEmptyWhenOnlyWordsChange) {
  Policy before = edge_before({allow(10, "ssh"), allow(11, "http"), deny(12, "any")});
  Policy after = edge_before({allow(30, "http"), allow(40, "ssh")});
  after.lists[0].rules[1].note = "for the admins";
  EXPECT_EQ(difference_between(before, after), Difference{});
}

TEST(Difference, OrderCountsWhereVerdictsMeet) {
  EXPECT_EQ(lines(edge_before({deny(10, "tcp/80-90"), allow(11, "http")}),
                  edge_before({allow(10, "http"), deny(11, "tcp/80-90")})),
            Texts{"+ tcp/80 from any (wan) to host is now allowed"});
}

TEST(Difference, ConditionsMakeItAtTimes) {
  Rule limited = allow(10, "ssh");
  limited.limit = Rate{.count = 1};
  const Policy open = edge_before({allow(10, "ssh")}), sometimes = edge_before({limited}),
               closed = edge_before({});
  EXPECT_EQ(lines(open, sometimes),
            Texts{"~ tcp/22 from any (wan) to host is now allowed at times only"});
  EXPECT_EQ(lines(closed, sometimes),
            Texts{"+ tcp/22 from any (wan) to host is now allowed at times"});
  EXPECT_EQ(lines(sometimes, open),
            Texts{"+ tcp/22 from any (wan) to host is now allowed at all times"});
  EXPECT_EQ(lines(sometimes, closed),
            Texts{"- tcp/22 from any (wan) to host is no longer allowed"});
}

TEST(Difference, ZonesAreMatchedByName) {
  const Policy before = edge_before({allow(10, "ssh")});
  Policy after = before;
  std::swap(after.zones[0], after.zones[1]);
  after.lists = {list({1}, {kHost}, {allow(10, "ssh")})};
  EXPECT_TRUE(difference_between(before, after).is_empty());
  after.zones[1].name = "internet";
  EXPECT_EQ(lines(before, after), (Texts{"+ tcp/22 from any (internet) to host is now allowed",
                                         "- tcp/22 from any (wan) to host is no longer allowed"}));
}

TEST(Difference, NetworksOfAZoneCount) {
  Policy before = build::two_zones();
  before.zones[kLan].networks = build::ranges({"10.0.0.0/24"});
  before.lists = {list({kLan}, {kHost}, {allow(10, "ssh")})};
  Policy after = before;
  after.zones[kLan].networks = build::ranges({"10.0.0.0/23"});
  EXPECT_EQ(lines(before, after), Texts{"+ tcp/22 from 10.0.1.0/24 (lan) to host is now allowed"});
}

TEST(Difference, OutputThatBecomesGovernedIsClosed) {
  const Policy before = edge_before({});
  Policy after = before;
  after.lists.push_back(list({kHost}, {kWan}, {allow(10, "any")}));
  EXPECT_EQ(lines(before, after),
            Texts{"- any protocol from host to any (lan) is no longer allowed"});
}

TEST(Difference, LimitsAndNatAreTold) {
  Rule limited = allow(10, "ssh");
  limited.per_source.connections = 5;
  Policy before = edge_before({limited});
  before.nat = {{.kind = NatRule::Kind::masquerade, .pos = {"edge.yaml", 5, 1}, .via = {kWan}}};
  Policy after = before;
  after.lists[0].rules[0].per_source.connections = 6;
  after.nat[0] = {.kind = NatRule::Kind::forward,
                  .pos = {"edge.yaml", 6, 1},
                  .via = {kWan},
                  .services_text = "web"};
  const Difference told = difference_between(before, after);
  EXPECT_EQ(told.notes, (Texts{"limit of edge.yaml:10 changed", "masquerade (edge.yaml:5) is gone",
                               "forward web (edge.yaml:6) is new"}));
}

TEST(Difference, IsBounded) {
  std::vector<Rule> many;
  many.reserve(60);
  for (int i = 0; i < 60; ++i)
    many.push_back(allow(i + 1, "tcp/" + std::to_string(1000 + i * 2)));
  const Difference told = difference_between(edge_before({}), edge_before(many), 10);
  EXPECT_EQ(told.lines.size(), 10U);
  EXPECT_EQ(told.lines_left_out, 50U);
}

}  // namespace
}  // namespace ravelin::policies
