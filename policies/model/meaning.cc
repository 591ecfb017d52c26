#include "policies/model/meaning.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

bool names(const std::vector<ZoneId>& zones, ZoneId zone) {
  return std::find(zones.begin(), zones.end(), zone) != zones.end();
}

bool covers(const RuleList& list, ZoneId from, ZoneId to) {
  return names(list.from, from) && names(list.to, to);
}

bool is_prelude(const RuleList& list) {
  return list.from_any || list.to_any;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view interface) {
  if (!pattern.ends_with('*')) return pattern == interface;
  pattern.remove_suffix(1);
  return interface.starts_with(pattern);
}

std::optional<ZoneId> zone_of(const Policy& policy, std::string_view interface) {
  std::optional<ZoneId> found;
  std::size_t best = 0;
  for (std::size_t i = 0; i < policy.zones.size(); ++i) {
    for (const std::string& pattern : policy.zones[i].interfaces) {
      if (!matches(pattern, interface)) continue;
      // A name without a star is as long as the interface and one more than any prefix of it.
      const std::size_t weight = pattern.ends_with('*') ? pattern.size() : pattern.size() + 2;
      if (found && weight <= best) continue;
      found = static_cast<ZoneId>(i);
      best = weight;
    }
  }
  return found;
}

std::vector<const Rule*> rules_between(const Policy& policy, ZoneId from, ZoneId to) {
  // any -> any, any -> to, from -> any, from -> to; each in the order written.
  constexpr struct {
    bool from_any, to_any;
  } kOrder[] = {{true, true}, {true, false}, {false, true}, {false, false}};

  std::vector<const Rule*> rules;
  for (const auto& group : kOrder) {
    for (const RuleList& list : policy.lists) {
      if (list.from_any != group.from_any || list.to_any != group.to_any) continue;
      if (!covers(list, from, to)) continue;
      for (const Rule& rule : list.rules)
        rules.push_back(&rule);
    }
  }
  return rules;
}

bool has_list(const Policy& policy, ZoneId from, ZoneId to) {
  return std::any_of(policy.lists.begin(), policy.lists.end(),
                     [&](const RuleList& list) { return covers(list, from, to); });
}

Verdict ending(const Policy& policy, ZoneId from, ZoneId /*to*/) {
  return from == kHost && !governs_output(policy) ? Verdict::allow : Verdict::deny;
}

bool forwards(const Policy& policy) {
  const bool by_nat = std::any_of(policy.nat.begin(), policy.nat.end(), [](const NatRule& nat) {
    return nat.kind == NatRule::Kind::forward;
  });
  return by_nat || std::any_of(policy.lists.begin(), policy.lists.end(), [](const RuleList& list) {
           const auto is_zone = [](ZoneId zone) { return zone != kHost; };
           return !is_prelude(list) && std::any_of(list.from.begin(), list.from.end(), is_zone) &&
                  std::any_of(list.to.begin(), list.to.end(), is_zone);
         });
}

bool governs_output(const Policy& policy) {
  return std::any_of(policy.lists.begin(), policy.lists.end(),
                     [](const RuleList& list) { return names(list.from, kHost); });
}

std::string_view name_of(const Policy& policy, ZoneId zone) {
  return zone == kHost ? std::string_view("host")
                       : policy.zones.at(static_cast<std::size_t>(zone)).name;
}

bool is_essential_icmpv6(std::uint8_t type, bool is_forwarded) {
  // destination unreachable, packet too big, time exceeded, parameter problem
  if (type >= 1 && type <= 4) return true;
  // router and neighbour discovery; multicast listener discovery, version 2; they stay on the link
  const bool is_of_link =
      (type >= 133 && type <= 136) || (type >= 130 && type <= 132) || type == 143;
  return is_of_link && !is_forwarded;
}

}  // namespace ravelin::policies
