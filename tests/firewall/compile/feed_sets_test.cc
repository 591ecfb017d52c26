#include "firewall/compile/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ravelin::firewall {
namespace {

constexpr FeedPart kParts[] = {FeedPart::hosts4, FeedPart::nets4, FeedPart::hosts6,
                               FeedPart::nets6};

// Alike but for what a name in the kernel could lose.
const std::vector<std::string>& like_names() {
  static const std::string longest(63, 'x');
  static const std::vector<std::string> names = {"bad-hosts",
                                                 "bad_hosts",
                                                 "a-list-of-24-letters-xxx",
                                                 "a-list-of-24-letters-xxxx",
                                                 "a-list-of-24-letters-xxx-or-more",
                                                 longest + "1",
                                                 longest + "2"};
  return names;
}

policies::Policy denying_all_feeds() {
  policies::Policy policy;
  policy.zones = {{.name = "wan", .interfaces = {"eth0"}}};
  policies::RuleList list{.from = {0}, .to = {policies::kHost}};
  for (std::size_t i = 0; i < like_names().size(); ++i) {
    policies::Rule rule;
    rule.verb = policies::Verb::deny;
    rule.pos = {"p.yaml", static_cast<int>(i) + 1, 1};
    rule.from = {.feeds = {static_cast<int>(i)}, .is_restricted = true};
    list.rules.push_back(std::move(rule));
    policy.feeds.push_back({.name = like_names()[i]});
  }
  policy.lists = {std::move(list)};
  return policy;
}

// The sets that rules of a line look into.
std::set<std::string> looked_up(const Ruleset& ruleset, int line) {
  std::set<std::string> names;
  for (const Chain& chain : ruleset.chains) {
    for (const Rule& rule : chain.rules) {
      for (const Statement& statement : rule.statements) {
        const auto* lookup = std::get_if<Lookup>(&statement);
        if (lookup != nullptr && rule.pos.line == line) names.insert(lookup->set);
      }
    }
  }
  return names;
}

TEST(FeedSets, ARuleLooksIntoTheSetsOfItsFeedAlone) {
  const Ruleset ruleset = compile(denying_all_feeds(), {}).ruleset;
  for (std::size_t i = 0; i < like_names().size(); ++i) {
    std::set<std::string> own;
    for (const FeedPart part : kParts)
      own.insert(feed_set_name(like_names()[i], part));
    EXPECT_EQ(looked_up(ruleset, static_cast<int>(i) + 1), own);
  }
}

TEST(FeedSets, EachFeedHasItsOwn) {
  const Ruleset ruleset = compile(denying_all_feeds(), {}).ruleset;
  std::set<std::string> names;
  for (const std::string& feed : like_names()) {
    for (const FeedPart part : kParts) {
      const std::string name = feed_set_name(feed, part);
      EXPECT_LE(name.size(), 29) << name;  // and a number
      EXPECT_TRUE(names.insert(name).second) << name;
      EXPECT_NE(ruleset.find_set(name), nullptr) << name;
    }
  }
}

}  // namespace
}  // namespace ravelin::firewall
