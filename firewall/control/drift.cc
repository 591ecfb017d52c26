#include "firewall/control/drift.h"

#include "firewall/diff/numbered_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::firewall {
namespace {

constexpr std::string_view kGone = "table inet ravelin is gone: nothing filters";

void compare_names(std::string_view what, const std::vector<std::string>& expected,
                   const std::vector<std::string>& found, std::vector<std::string>& lines) {
  const std::set<std::string> wanted(expected.begin(), expected.end());
  const std::set<std::string> there(found.begin(), found.end());
  for (const std::string& name : wanted) {
    if (!there.contains(name)) lines.push_back(fmt::format("{} {} is gone", what, name));
  }
  for (const std::string& name : there) {
    if (!wanted.contains(name)) lines.push_back(fmt::format("{} {} is not ours", what, name));
  }
}

using Handles = std::map<std::string, std::vector<const RuleCount*>>;

Handles by_chain(const LiveTable& table) {
  Handles chains;
  for (const RuleCount& rule : table.rules)
    chains[rule.chain].push_back(&rule);
  return chains;
}

std::string name_of(const RuleCount& rule) {
  return rule.comment.empty() ? fmt::format("rule {}", rule.handle)
                              : fmt::format("rule \"{}\"", rule.comment);
}

void compare_rules(const LiveTable& expected, const LiveTable& found,
                   std::vector<std::string>& lines) {
  const Handles wanted = by_chain(expected);
  Handles there = by_chain(found);
  for (const auto& [chain, rules] : wanted) {
    const std::vector<const RuleCount*>& now = there[chain];
    const auto is_in = [](const std::vector<const RuleCount*>& list, const RuleCount& rule) {
      return std::ranges::any_of(list,
                                 [&](const RuleCount* one) { return one->handle == rule.handle; });
    };
    for (const RuleCount* rule : rules) {
      if (!is_in(now, *rule))
        lines.push_back(fmt::format("chain {}: {} is gone", chain, name_of(*rule)));
    }
    for (const RuleCount* rule : now) {
      if (!is_in(rules, *rule))
        lines.push_back(fmt::format("chain {}: {} is not ours", chain, name_of(*rule)));
    }
  }
  for (const auto& [chain, rules] : there) {
    if (!wanted.contains(chain) && !rules.empty())
      lines.push_back(fmt::format("chain {}: {} rules are not ours", chain, rules.size()));
  }
}

// Names that are not there, but are with a number behind them that nobody else wants.
template <class Named>
Names numbered_names(const std::vector<Named>& wanted, const std::vector<std::string>& there) {
  const NameIndex wishes(wanted);
  const NameIndex known(there);
  Names names;
  for (const Named& one : wanted) {
    if (known.find(one.name)) continue;
    for (const std::size_t place : known.numbered(one.name)) {
      if (!wishes.find(there[place])) names.emplace(one.name, there[place]);
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> drift(const std::optional<LiveTable>& expected,
                               const std::optional<LiveTable>& found) {
  if (!expected && !found) return {};
  if (!expected) return {"there is a table inet ravelin that nothing here put there"};
  if (!found) return {std::string(kGone)};
  std::vector<std::string> lines;
  compare_names("set", expected->sets, found->sets, lines);
  compare_names("chain", expected->chains, found->chains, lines);
  compare_rules(*expected, *found, lines);
  return lines;
}

std::vector<std::string> outline_drift(const Ruleset& ruleset,
                                       const std::optional<LiveTable>& found) {
  if (!found) return {std::string(kGone)};
  std::vector<std::string> sets, chains, lines;
  std::map<std::string, std::vector<std::string>> expected, there;
  for (const Set& set : ruleset.sets)
    sets.push_back(set.name);
  for (const Chain& chain : ruleset.chains) {
    chains.push_back(chain.name);
    for (const Rule& rule : chain.rules)
      expected[chain.name].push_back(rule.comment);
  }
  compare_names("set", sets, found->sets, lines);
  compare_names("chain", chains, found->chains, lines);
  for (const RuleCount& rule : found->rules)
    there[rule.chain].push_back(rule.comment);
  for (const std::string& chain : chains) {
    if (expected[chain] != there[chain])
      lines.push_back(fmt::format("chain {}: its rules are not those put there", chain));
  }
  return lines;
}

Ruleset named_as(const Ruleset& ruleset, const std::optional<LiveTable>& table) {
  if (!table) return ruleset;
  return with_names(ruleset, numbered_names(ruleset.chains, table->chains),
                    numbered_names(ruleset.sets, table->sets));
}

}  // namespace ravelin::firewall
