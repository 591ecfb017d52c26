// Rules that treat IPv4 and IPv6 unlike; and all findings of a policy in one pass.
#include "policies/analyse/findings.h"
#include "policies/analyse/pair.h"
#include "policies/analyse/prove.h"
#include "policies/analyse/reach.h"
#include "policies/model/meaning.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::policies {
namespace {

using base::Family;

Family other(Family family) {
  return family == Family::ipv4 ? Family::ipv6 : Family::ipv4;
}

std::string_view family_text(Family family) {
  return family == Family::ipv4 ? "IPv4" : "IPv6";
}

bool has(const AddressRanges& ranges, Family family) {
  return !in_family(ranges, family).empty();
}

// The family of all addresses named; empty: of both, of none, or of a feed.
std::optional<Family> only_family(const AddressMatch& match) {
  if (match.ranges.empty() || !match.feeds.empty()) return std::nullopt;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (!has(match.ranges, other(family))) return family;
  }
  return std::nullopt;
}

// What exists in one family by nature: ICMP, IGMP, DHCP and DHCPv6.
bool is_of_one_family(const ServiceTerm& term) {
  const auto is_within = [&](std::uint16_t first, std::uint16_t last) {
    return term.protocol == kUdp && first <= term.first && term.last <= last;
  };
  constexpr std::uint8_t kIgmp = 2;
  return term.protocol == kIcmp || term.protocol == kIcmpv6 || term.protocol == kIgmp ||
         is_within(67, 68) || is_within(546, 547);
}

// A rule about one family, seen from the other.
struct OneFamily {
  Family family = Family::ipv4;
  bool is_from = false, is_to = false;  // which side names one family
  std::vector<ServiceTerm> services;    // empty: all

  [[nodiscard]] const AddressMatch& side(const Rule& rule) const {
    return is_from ? rule.from : rule.to;
  }
};

std::optional<OneFamily> one_family(const Rule& rule) {
  if (!rule.is_final() || !rule.from.feeds.empty() || !rule.to.feeds.empty()) return std::nullopt;
  const auto from = only_family(rule.from);
  const auto to = only_family(rule.to);
  if (!from && !to) return std::nullopt;
  if (from && to && *from != *to) return std::nullopt;
  OneFamily made{
      .family = from ? *from : *to, .is_from = from.has_value(), .is_to = to.has_value()};
  for (const ServiceTerm& term : rule.services) {
    if (!is_of_one_family(term)) made.services.push_back(term);
  }
  if (!rule.services.empty() && made.services.empty()) return std::nullopt;
  return made;
}

// The same packets in the other family, of everyone where the rule names its group.
std::vector<Box> counterpart(const Rule& rule, const OneFamily& one, const Pair& pair) {
  const Family family = other(one.family);
  const AddressRanges all = {everything(family)};
  const auto side = [&](const AddressMatch& match, bool is_one) {
    return is_one
               ? all
               : intersection(all, addresses_of(match, pair.policy->feeds, FeedReading::possible));
  };
  const AddressRanges from = intersection(side(rule.from, one.is_from), pair.sources);
  std::vector<Box> boxes = possible_part(
      boxes_of(one.services, from, side(rule.to, one.is_to), pair.classes.mask_of(rule.via)));
  // ICMP, which each family has of its own, says nothing about the other.
  std::erase_if(boxes, [](const Box& box) {
    return box.protocols.first == kIcmp || box.protocols.first == kIcmpv6;
  });
  return boxes;
}

// Whether hosts of a zone can have addresses of a family, beyond the link.
bool may_have(const Policy& policy, ZoneId zone, Family family) {
  if (zone == kHost) return true;
  const AddressRanges& networks = policy.zones.at(static_cast<std::size_t>(zone)).networks;
  return networks.empty() || has(networks, family);
}

bool is_named_in(const Policy& policy, ZoneId zone, Family family) {
  return zone != kHost && has(policy.zones.at(static_cast<std::size_t>(zone)).networks, family);
}

bool covers_services(const Rule& rule, std::span<const ServiceTerm> services) {
  if (rule.services.empty()) return true;
  return !services.empty() && std::all_of(services.begin(), services.end(), [&](const auto& term) {
    return std::any_of(rule.services.begin(), rule.services.end(), [&](const ServiceTerm& own) {
      return own.protocol == term.protocol && own.first <= term.first && term.last <= own.last;
    });
  });
}

// In how many of the pairs that could have one a rule has a hole, and what is said about it.
struct Holes {
  int asked = 0;
  int found = 0;
  std::string text;
};

class PairHoles {
 public:
  PairHoles(const Policy& policy, const Pair& pair, Effort& effort)
      : policy_(policy), pair_(pair), effort_(effort) {}

  void look_at(std::size_t index, const OneFamily& one, Holes& holes) {
    const Rule& rule = *pair_.rules[index].rule;
    const Family family = other(one.family);
    if (pair_.rules[index].is_too_large || !may_have(policy_, pair_.from, family) ||
        !may_have(policy_, pair_.to, family) || (is_allow(rule) && !is_used(rule, family)))
      return;
    const std::vector<Box> boxes = counterpart(rule, one, pair_);
    if (boxes.empty()) return;
    ++holes.asked;
    if (is_completed(index, one)) return;
    const auto text = is_allow(rule) ? closed(rule, one, boxes) : open(index, one, boxes);
    if (!text) return;
    ++holes.found;
    if (holes.text.empty()) holes.text = *text;
  }

 private:
  // Another rule of the same verb is for the other family.
  [[nodiscard]] bool is_completed(std::size_t index, const OneFamily& one) const {
    const Rule& rule = *pair_.rules[index].rule;
    return std::any_of(pair_.rules.begin(), pair_.rules.end(), [&](const PairRule& met) {
      const auto its = one_family(*met.rule);
      return its && its->family != one.family && is_allow(*met.rule) == is_allow(rule) &&
             its->is_from == one.is_from && its->is_to == one.is_to &&
             covers_services(*met.rule, one.services);
    });
  }

  std::optional<std::string> open(std::size_t index, const OneFamily& one,
                                  std::span<const Box> boxes) {
    std::vector<Box> before;
    for (std::size_t i = 0; i < pair_.rules.size(); ++i) {
      const PairRule& met = pair_.rules[i];
      if (met.is_too_large) return std::nullopt;
      if (is_block(*met.rule) && !met.rule->is_conditional())
        before.insert(before.end(), met.certain.begin(), met.certain.end());
      if (i <= index || !is_broad_allow(*met.rule, one)) continue;
      if (intersection(met.possible, pair_.rules[index].possible).empty()) continue;
      const Region both = intersection(boxes, met.possible);
      if (both.empty() || !coverage(both, before, effort_).is_open()) continue;
      return fmt::format("is for {} only ({} has no {} address): {} stays open, line {} allows it",
                         family_text(one.family), one.side(*pair_.rules[index].rule).text,
                         family_text(other(one.family)), family_text(other(one.family)),
                         met.rule->pos.line);
    }
    return std::nullopt;
  }

  static bool is_broad_allow(const Rule& rule, const OneFamily& one) {
    return is_allow(rule) && (!one.is_from || is_everyone(rule.from)) &&
           (!one.is_to || is_everyone(rule.to));
  }

  std::optional<std::string> closed(const Rule& rule, const OneFamily& one,
                                    std::span<const Box> boxes) {
    const Family family = other(one.family);
    if (may_be_allowed(pair_, boxes, effort_).answer != Reached::Answer::none) return std::nullopt;
    return fmt::format("is for {} only ({} has no {} address): {} stays closed",
                       family_text(one.family), one.side(rule).text, family_text(family),
                       family_text(family));
  }

  [[nodiscard]] bool is_used(const Rule& rule, Family family) const {
    return is_named_in(policy_, pair_.from, family) || is_named_in(policy_, pair_.to, family) ||
           std::any_of(pair_.rules.begin(), pair_.rules.end(), [&](const PairRule& met) {
             return met.rule != &rule &&
                    (has(met.rule->from.ranges, family) || has(met.rule->to.ranges, family));
           });
  }

  const Policy& policy_;
  const Pair& pair_;
  Effort& effort_;
};

}  // namespace

void find_family_holes(const Policy& policy, base::Diagnostics& findings, Effort& effort) {
  std::map<const Rule*, Holes> all;
  for (const auto& [from, to] : governed_pairs(policy)) {
    const auto pair = pair_of(policy, from, to);
    if (!pair) continue;
    PairHoles holes(policy, *pair, effort);
    for (std::size_t i = 0; i < pair->rules.size(); ++i) {
      const Rule& rule = *pair->rules[i].rule;
      if (const auto one = one_family(rule)) holes.look_at(i, *one, all[&rule]);
    }
  }
  for (const RuleList& list : policy.lists) {
    for (const Rule& rule : list.rules) {
      const Holes& holes = all[&rule];
      // What one pair leaves open is open; what one closes may be open by design in another.
      const bool is_hole = is_allow(rule) ? holes.found == holes.asked : true;
      if (holes.found != 0 && is_hole) findings.warn(rule.pos, key_of(policy, rule), holes.text);
    }
  }
}

base::Diagnostics analyse(const Policy& policy) {
  base::Diagnostics findings;
  Effort effort{.boxes_left = 150'000'000};
  find_never_met(policy, findings, effort);
  std::set<std::string> never_met;
  for (const base::Finding& finding : findings.findings()) {
    if (finding.message.starts_with("is never met:")) never_met.insert(finding.key);
  }
  base::Diagnostics holes;
  find_family_holes(policy, holes, effort);
  // Of a rule that is never met nothing else is worth a word.
  for (const base::Finding& finding : holes.findings()) {
    if (!never_met.contains(finding.key)) findings.warn(finding.pos, finding.key, finding.message);
  }
  find_closed_forwards(policy, findings, effort);
  if (effort.boxes_left == 0) {
    findings.warn({.file = policy.files.empty() ? policy.name : policy.files.front()}, "rules",
                  "are too many to be looked at whole: some findings may be missing");
  }
  Effort for_management;
  const Proof proof = prove_management(policy, for_management);
  if (!proof.holds()) {
    findings.error(policy.management->pos, "management",
                   proof.answer == Proof::Answer::undecided
                       ? proof.message
                       : fmt::format("must always reach this host: {}", proof.message));
  }
  return findings;
}

}  // namespace ravelin::policies
