#include "policies/analyse/pair.h"

#include "policies/model/meaning.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kBoxesMax = 100'000;  // of one rule

std::size_t size_of(const Rule& rule, const Policy& policy) {
  const std::size_t from = addresses_of(rule.from, policy.feeds, FeedReading::possible).size();
  const std::size_t to = addresses_of(rule.to, policy.feeds, FeedReading::possible).size();
  return from * to * std::max<std::size_t>(rule.services.size(), 1);
}

PairRule pair_rule(const Rule& rule, const Policy& policy, const InterfaceClasses& classes) {
  PairRule made{.rule = &rule};
  if (size_of(rule, policy) > kBoxesMax) {
    made.is_too_large = true;
    return made;
  }
  made.possible = boxes_of(rule, policy.feeds, FeedReading::possible, classes);
  const bool has_feeds = !rule.from.feeds.empty() || !rule.to.feeds.empty();
  made.certain =
      has_feeds ? boxes_of(rule, policy.feeds, FeedReading::certain, classes) : made.possible;
  return made;
}

}  // namespace

std::vector<Box> Pair::everything() const {
  return everything_between(sources, everyone(), classes.all());
}

Pair pair_of(const Policy& policy, ZoneId from, ZoneId to, const InterfaceClasses& classes) {
  Pair pair{.policy = &policy, .from = from, .to = to, .classes = classes};
  pair.sources = plausible_sources(policy, from);
  for (const Rule* rule : rules_between(policy, from, to))
    pair.rules.push_back(pair_rule(*rule, policy, classes));
  return pair;
}

std::optional<Pair> pair_of(const Policy& policy, ZoneId from, ZoneId to) {
  const auto classes =
      InterfaceClasses::of(policy, outside_of(from, to), rules_between(policy, from, to));
  if (!classes) return std::nullopt;
  return pair_of(policy, from, to, *classes);
}

std::vector<std::pair<ZoneId, ZoneId>> governed_pairs(const Policy& policy) {
  std::vector<std::pair<ZoneId, ZoneId>> pairs;
  const auto count = static_cast<ZoneId>(policy.zones.size());
  const bool has_forward = forwards(policy);
  const bool has_output = governs_output(policy);
  for (ZoneId zone = 0; zone < count; ++zone) {
    pairs.emplace_back(zone, kHost);
    if (has_output) pairs.emplace_back(kHost, zone);
    for (ZoneId to = 0; has_forward && to < count; ++to)
      pairs.emplace_back(zone, to);
  }
  return pairs;
}

std::string zone_text(const Policy& policy, ZoneId zone) {
  return zone == kHost ? "host" : fmt::format("zone {}", name_of(policy, zone));
}

bool is_allow(const Rule& rule) {
  return rule.verb == Verb::allow;
}

bool is_block(const Rule& rule) {
  return rule.verb == Verb::deny || rule.verb == Verb::reject;
}

}  // namespace ravelin::policies
