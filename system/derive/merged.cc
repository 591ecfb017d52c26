// While one configuration goes over into another, and what a policy has of its own.
#include "system/derive/derive.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace ravelin::system {
namespace {

bool is_end(const DerivedRule& rule) {
  return rule.id == kEgressRule || rule.id == kOthersRule;
}

std::string free_id(const std::string& id, const std::set<std::string>& taken) {
  std::string other = id + "-next";
  for (int i = 2; taken.contains(other); ++i)
    other = id + "-next-" + std::to_string(i);
  return other;
}

void add(std::vector<DerivedRule>& rules, const std::vector<DerivedRule>& more) {
  std::set<std::string> taken;
  for (const DerivedRule& rule : rules)
    taken.insert(rule.id);
  for (DerivedRule rule : more) {
    const std::string id = rule.id;
    const auto same = std::ranges::find(rules, id, &DerivedRule::id);
    if (same != rules.end()) {
      // Where it stands in the configuration is no difference.
      rule.note = same->note;
      if (*same == rule) continue;
      rule.id = free_id(id, taken);
    }
    taken.insert(rule.id);
    rules.push_back(std::move(rule));
  }
}

template <class Value>
void unite(std::vector<Value>& values, const std::vector<Value>& more) {
  values.insert(values.end(), more.begin(), more.end());
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void add(std::optional<DerivedOverload>& overload, const std::optional<DerivedOverload>& more) {
  if (!overload) overload = more;
  if (!more) return;
  overload->new_connections = more->new_connections;
  unite(overload->ports, more->ports);
  unite(overload->except, more->except);
  unite(overload->synproxy, more->synproxy);
  overload->mss = more->mss;
}

// Files with a rule as they are derived: by its id.
std::set<std::string> files_of_derived(const policies::Policy& policy) {
  std::set<std::string> files;
  for (const policies::RuleList& list : policy.lists) {
    for (const policies::Rule& rule : list.rules) {
      const bool is_derived = rule.id == kEgressRule || rule.id.starts_with("listener-") ||
                              rule.id.starts_with("proxies-") || rule.id.starts_with("pool-");
      if (is_derived) files.insert(rule.pos.file);
    }
  }
  return files;
}

}  // namespace

DerivedRules merged(DerivedRules now, const DerivedRules& next) {
  add(now.to_host, next.to_host);
  if (next.quarantine) now.quarantine = next.quarantine;
  add(now.overload, next.overload);
  std::vector<DerivedRule> ends;
  const auto take_ends = [&ends](const std::vector<DerivedRule>& rules) {
    for (const DerivedRule& rule : rules)
      if (is_end(rule) && std::ranges::find(ends, rule.id, &DerivedRule::id) == ends.end())
        ends.push_back(rule);
  };
  take_ends(next.from_host);
  if (ends.empty()) take_ends(now.from_host);
  std::erase_if(now.from_host, is_end);
  std::vector<DerivedRule> opened = next.from_host;
  std::erase_if(opened, is_end);
  add(now.from_host, opened);
  now.from_host.insert(now.from_host.end(), ends.begin(), ends.end());
  return now;
}

DeriveOptions options_for(const policies::Policy& policy) {
  const auto is_derived = [](const policies::RuleList& list) {
    return std::ranges::find(list.rules, kEgressRule, &policies::Rule::id) != list.rules.end();
  };
  const std::set<std::string> derived = files_of_derived(policy);
  DeriveOptions options;
  options.governs_egress = std::ranges::any_of(policy.lists, [&](const policies::RuleList& list) {
    return std::ranges::find(list.from, policies::kHost) != list.from.end() && !is_derived(list);
  });
  options.has_quarantine = policy.quarantine && !derived.contains(policy.quarantine->pos.file);
  options.has_overload = policy.overload && !derived.contains(policy.overload->pos.file);
  return options;
}

}  // namespace ravelin::system
