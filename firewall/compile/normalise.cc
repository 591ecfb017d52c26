// Rules as clauses (clause.h): services by kind, addresses by family, interfaces by zone.
#include "firewall/compile/clause.h"
#include "policies/model/meaning.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using base::Family;
using policies::AddressMatch;

// ICMP is keyed by its type also when it is whole: so it is seen in its own family only.
ServiceKey key_of(const ServiceTerm& term) {
  if (term.protocol == policies::kIcmp) return ServiceKey::icmp;
  if (term.protocol == policies::kIcmpv6) return ServiceKey::icmpv6;
  return term.first == 0 && term.last == 65535 ? ServiceKey::protocol : ServiceKey::ports;
}

struct ServiceGroup {
  ServiceKey key = ServiceKey::none;
  std::vector<ServiceTerm> terms;
};

// Whether the rule names the whole protocol of these ports: no packet may meet a rule twice, or it
// is counted twice.
bool is_within_protocol(const ServiceTerm& term, const policies::Rule& rule) {
  return key_of(term) == ServiceKey::ports &&
         std::any_of(rule.services.begin(), rule.services.end(), [&](const ServiceTerm& other) {
           return other.protocol == term.protocol && key_of(other) == ServiceKey::protocol;
         });
}

// The services of a rule by kind; no two groups have a packet in common.
std::vector<ServiceGroup> groups_of(const policies::Rule& rule) {
  constexpr std::uint16_t kTypeMax = 255;
  if (rule.services.empty()) return {ServiceGroup{}};
  std::vector<ServiceGroup> groups;
  for (ServiceTerm term : rule.services) {
    if (is_within_protocol(term, rule)) continue;
    const ServiceKey key = key_of(term);
    if (key == ServiceKey::icmp || key == ServiceKey::icmpv6)
      term.last = std::min(term.last, kTypeMax);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const ServiceGroup& one) { return one.key == key; });
    if (group == groups.end()) group = groups.insert(groups.end(), ServiceGroup{key, {}});
    group->terms.push_back(term);
  }
  return groups;
}

std::optional<Family> family_of(const ServiceGroup& group) {
  if (group.key == ServiceKey::icmp) return Family::ipv4;
  if (group.key == ServiceKey::icmpv6) return Family::ipv6;
  return std::nullopt;
}

bool is_restricted(const AddressMatch& match) {
  return match.is_restricted;
}

// Which interfaces of the pair's outer zone a rule is about: all of them, none, or some.
struct Via {
  bool is_none = false;
  std::vector<std::string> some;
};

// A pattern of the zone that the rule's patterns cover, or one of the rule's inside the zone's.
Via via_of(const Policy& policy, const policies::Rule& rule, ZoneId outer) {
  if (rule.via.empty() || outer == policies::kHost) return {};
  const auto& zone = policy.zones.at(static_cast<std::size_t>(outer)).interfaces;
  const auto is_covered = [&](const std::string& pattern) {
    const std::string name =
        pattern.ends_with('*') ? pattern.substr(0, pattern.size() - 1) : pattern;
    return std::any_of(rule.via.begin(), rule.via.end(), [&](const std::string& via) {
      if (via == pattern) return true;
      return via.ends_with('*') && name.starts_with(via.substr(0, via.size() - 1));
    });
  };
  if (std::all_of(zone.begin(), zone.end(), is_covered)) return {};
  Via via;
  for (const std::string& pattern : rule.via) {
    const std::string name =
        pattern.ends_with('*') ? pattern.substr(0, pattern.size() - 1) : pattern;
    const bool meets = std::any_of(zone.begin(), zone.end(), [&](const std::string& own) {
      return own == pattern || policies::matches(own, name) || policies::matches(pattern, own);
    });
    if (meets) via.some.push_back(pattern);
  }
  via.is_none = via.some.empty();
  return via;
}

// What a clause takes over from the rule whatever its family.
Clause common_part(const policies::Rule& rule, int index, Via via) {
  Clause clause;
  clause.rule = index;
  clause.falls_through = !rule.is_final() || rule.limit || rule.owner || rule.when;
  clause.via = std::move(via.some);
  clause.from_feeds = rule.from.feeds;
  clause.to_feeds = rule.to.feeds;
  clause.is_plain = !clause.via.empty() || !clause.from_feeds.empty() || !clause.to_feeds.empty();
  return clause;
}

AddressRanges ranges_in(const AddressMatch& match, Family family) {
  const auto part = policies::in_family(match.ranges, family);
  return {part.begin(), part.end()};
}

void add_of_family(const policies::Rule& rule, const ServiceGroup& group, Clause clause,
                   Family family, std::vector<Clause>& clauses) {
  clause.shape.family = family;
  clause.shape.has_from = is_restricted(rule.from);
  clause.shape.has_to = is_restricted(rule.to);
  clause.from = ranges_in(rule.from, family);
  clause.to = ranges_in(rule.to, family);
  const bool nobody_sends =
      clause.shape.has_from && clause.from.empty() && clause.from_feeds.empty();
  const bool nobody_gets = clause.shape.has_to && clause.to.empty() && clause.to_feeds.empty();
  const auto fixed = family_of(group);
  if (nobody_sends || nobody_gets || (fixed && *fixed != family)) return;
  clauses.push_back(std::move(clause));
}

void add_group(const policies::Rule& rule, const ServiceGroup& group, const Clause& common,
               std::vector<Clause>& clauses) {
  Clause clause = common;
  clause.shape.service = group.key;
  clause.terms = group.terms;
  if (is_restricted(rule.from) || is_restricted(rule.to)) {
    add_of_family(rule, group, clause, Family::ipv4, clauses);
    add_of_family(rule, group, clause, Family::ipv6, clauses);
    return;
  }
  clause.shape.family = family_of(group);
  clauses.push_back(std::move(clause));
}

// Of two sorted lists; allocates nothing, since it is asked for many pairs of clauses.
bool have_common(const AddressRanges& a, const AddressRanges& b) {
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].last < b[j].first)
      ++i;
    else if (b[j].last < a[i].first)
      ++j;
    else
      return true;
  }
  return false;
}

bool meet(const AddressRanges& a, bool a_is_set, const AddressRanges& b, bool b_is_set) {
  return !a_is_set || !b_is_set || have_common(a, b);
}

bool meet(const ServiceTerm& a, const ServiceTerm& b) {
  return a.protocol == b.protocol && a.first <= b.last && b.first <= a.last;
}

}  // namespace

bool Clause::overlaps(const Clause& other) const {
  if (shape.family && other.shape.family && *shape.family != *other.shape.family) return false;
  const bool terms_meet = terms.empty() || other.terms.empty() ||
                          std::any_of(terms.begin(), terms.end(), [&](const ServiceTerm& a) {
                            return std::any_of(other.terms.begin(), other.terms.end(),
                                               [&](const ServiceTerm& b) { return meet(a, b); });
                          });
  return terms_meet &&
         meet(from, shape.has_from && from_feeds.empty(), other.from,
              other.shape.has_from && other.from_feeds.empty()) &&
         meet(to, shape.has_to && to_feeds.empty(), other.to,
              other.shape.has_to && other.to_feeds.empty());
}

std::vector<Clause> normalise(const Policy& policy, ZoneId from, ZoneId to,
                              std::span<const policies::Rule* const> rules,
                              std::chrono::sys_seconds now) {
  const ZoneId outer = from == policies::kHost ? to : from;
  std::vector<Clause> clauses;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const policies::Rule& rule = *rules[i];
    if (rule.until && *rule.until <= now) continue;
    Via via = via_of(policy, rule, outer);
    if (via.is_none) continue;
    const Clause common = common_part(rule, static_cast<int>(i), std::move(via));
    for (const ServiceGroup& group : groups_of(rule))
      add_group(rule, group, common, clauses);
    if (!clauses.empty() && clauses.back().rule == static_cast<int>(i) &&
        clauses.back().shape.is_everything() && !clauses.back().falls_through &&
        !clauses.back().is_plain)
      break;
  }
  return clauses;
}

}  // namespace ravelin::firewall
