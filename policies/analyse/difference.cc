#include "policies/analyse/difference.h"

#include "policies/analyse/outcome.h"
#include "policies/analyse/rule_meaning.h"
#include "policies/model/meaning.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::policies {
namespace {

constexpr std::size_t kPiecesMax = 20'000;

// Without limits: what a rule and its changed successor have in common.
Rule without_limits(Rule rule) {
  rule.per_source = {};
  rule.limit.reset();
  return rule;
}

struct Side {
  const Policy* policy = nullptr;
  std::optional<Pair> pair;
  std::vector<Rule> meanings;

  // The rules that are not among the `common`, as boxes.
  [[nodiscard]] std::vector<Box> changed(const std::vector<bool>& common) const {
    std::vector<Box> boxes;
    for (std::size_t i = 0; pair && i < common.size(); ++i) {
      const PairRule& met = pair->rules[i];
      if (!common[i] && met.rule->is_final())
        boxes.insert(boxes.end(), met.possible.begin(), met.possible.end());
    }
    return boxes;
  }
};

std::optional<ZoneId> zone_named(const Policy& policy, std::string_view name) {
  if (name == "host") return kHost;
  for (std::size_t i = 0; i < policy.zones.size(); ++i) {
    if (policy.zones[i].name == name) return static_cast<ZoneId>(i);
  }
  return std::nullopt;
}

std::string side_text(const AddressRange& range, std::string_view zone, bool is_any) {
  if (zone == "host" && (is_any || range == everything(range.first.family))) return "host";
  return fmt::format("{} ({})", is_any ? "any" : address_text(range), zone);
}

// One pair of zones, by name, in both policies.
class PairDifference {
 public:
  PairDifference(const Policy& before, const Policy& after, std::string from, std::string to,
                 Effort& effort)
      : from_(std::move(from)), to_(std::move(to)), effort_(effort) {
    before_.policy = &before;
    after_.policy = &after;
  }

  // False: too much to compute.
  bool run(std::vector<std::string>& lines) {
    way_ = from_ == "host" ? Way::from_host : to_ == "host" ? Way::to_host : Way::through;
    if (!is_governed(*before_.policy, way_) && !is_governed(*after_.policy, way_)) return true;
    if (!open()) return false;
    const auto candidates = changed_packets();
    if (!candidates) return false;
    const auto old_pieces = pieces(before_, *candidates);
    if (!old_pieces) return false;
    std::map<std::string, std::vector<Box>> changes;  // by what is said of them
    for (const Piece& old : *old_pieces) {
      const auto fresh = pieces(after_, std::span(&old.box, 1));
      if (!fresh) return false;
      for (const Piece& piece : *fresh) {
        if (!(piece.outcome == old.outcome) && is_possible(piece.box))
          changes[change_text(old.outcome, piece.outcome)].push_back(piece.box);
      }
    }
    for (auto& [what, boxes] : changes)
      tell(what, merged(std::move(boxes)), lines);
    return true;
  }

 private:
  // Whether a packet of it can arrive, before or after.
  [[nodiscard]] bool is_possible(const Box& box) const {
    const auto may_arrive = [&](const Side& side) {
      return side.pair && !intersection(AddressRanges{box.source}, side.pair->sources).empty();
    };
    return !possible_part(std::span(&box, 1)).empty() &&
           (may_arrive(before_) || may_arrive(after_));
  }

  bool open() {
    const auto ids = [&](const Policy& policy) {
      return std::pair(zone_named(policy, from_), zone_named(policy, to_));
    };
    const auto [old_from, old_to] = ids(*before_.policy);
    const auto [new_from, new_to] = ids(*after_.policy);
    const bool is_old = old_from && old_to;
    const bool is_new = new_from && new_to;
    std::vector<const Rule*> rules;
    if (is_old) rules = rules_between(*before_.policy, *old_from, *old_to);
    if (is_new) {
      const auto more = rules_between(*after_.policy, *new_from, *new_to);
      rules.insert(rules.end(), more.begin(), more.end());
    }
    // The interfaces of the zone as it will be; those that leave it are in no zone any more.
    const auto classes =
        is_new ? InterfaceClasses::of(*after_.policy, outside_of(*new_from, *new_to), rules)
               : InterfaceClasses::of(*before_.policy, outside_of(*old_from, *old_to), rules);
    if (!classes) return false;
    if (is_old) before_.pair = pair_of(*before_.policy, *old_from, *old_to, *classes);
    if (is_new) after_.pair = pair_of(*after_.policy, *new_from, *new_to, *classes);
    all_ = classes->all();
    for (Side* side : {&before_, &after_}) {
      if (!side->pair) continue;
      for (const PairRule& met : side->pair->rules)
        side->meanings.push_back(meaning_of(*met.rule, *side->policy));
    }
    return true;
  }

  // The networks of the zone, when they are not the same in both.
  [[nodiscard]] std::optional<AddressRanges> sources_that_changed() const {
    if (!before_.pair || !after_.pair) return std::nullopt;
    const AddressRanges& a = before_.pair->sources;
    const AddressRanges& b = after_.pair->sources;
    if (a == b) return std::nullopt;
    std::vector<AddressRange> both = difference(a, b);
    const AddressRanges more = difference(b, a);
    both.insert(both.end(), more.begin(), more.end());
    return normalised(std::move(both));
  }

  [[nodiscard]] bool end_differs() const {
    return !before_.pair || !after_.pair ||
           !(end_of(*before_.policy, way_) == end_of(*after_.policy, way_));
  }

  [[nodiscard]] bool is_strict_changed() const {
    return before_.policy->is_icmp_strict != after_.policy->is_icmp_strict;
  }

  // Disjoint boxes outside of which nothing can have changed.
  std::optional<Region> changed_packets() {
    std::vector<Box> boxes;
    if (end_differs()) boxes = {whole(base::Family::ipv4), whole(base::Family::ipv6)};
    if (const auto sources = sources_that_changed()) {
      const std::vector<Box> more = boxes_of({}, *sources, everyone(), all_);
      boxes.insert(boxes.end(), more.begin(), more.end());
    }
    if (is_strict_changed()) {
      for (const Side* side : {&before_, &after_}) {
        if (!side->pair) continue;
        const auto more = essential_boxes(*side->policy, side->pair->from, side->pair->to);
        boxes.insert(boxes.end(), more.begin(), more.end());
      }
    }
    const Common common = common_rules(before_.meanings, after_.meanings);
    for (const auto& more : {before_.changed(common.a), after_.changed(common.b)})
      boxes.insert(boxes.end(), more.begin(), more.end());
    Region disjoint;
    for (Box& box : boxes) {
      box.interfaces &= all_;
      if (box.interfaces == 0) continue;
      const auto left = difference(std::span(&box, 1), disjoint, kPiecesMax, effort_);
      if (!left || disjoint.size() + left->size() > kPiecesMax) return std::nullopt;
      disjoint.insert(disjoint.end(), left->begin(), left->end());
    }
    return disjoint;
  }

  std::optional<std::vector<Piece>> pieces(const Side& side, std::span<const Box> boxes) {
    if (!side.pair)
      return pieces_of(boxes, {.end = end_of(*side.policy, way_)}, kPiecesMax, effort_);
    auto decisions =
        decisions_of(*side.pair, is_strict_changed() ? Essential::counted : Essential::left_out);
    if (!decisions) return std::nullopt;
    if (sources_that_changed()) {
      // Spoofed sources are dropped before any rule.
      const AddressRanges others = difference(everyone(), side.pair->sources);
      for (const Box& box : boxes_of({}, others, everyone(), all_))
        decisions->list.insert(decisions->list.begin(), {box, false, true});
    }
    return pieces_of(boxes, *decisions, kPiecesMax, effort_);
  }

  static std::string change_text(const Outcome& old, const Outcome& fresh) {
    if (!fresh.may_allow) return "- is no longer allowed";
    if (!fresh.may_block)
      return old.may_allow ? "+ is now allowed at all times" : "+ is now allowed";
    return old.may_block ? "+ is now allowed at times" : "~ is now allowed at times only";
  }

  // A box and, where they are the same in everything else, its twin of the other family.
  void tell(const std::string& what, const Region& boxes, std::vector<std::string>& lines) const {
    std::set<std::size_t> told;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (told.contains(i)) continue;
      const Box& box = boxes[i];
      bool has_twin = false;
      for (std::size_t j = i + 1; !has_twin && j < boxes.size(); ++j) {
        has_twin = is_twin(box, boxes[j]);
        if (has_twin) told.insert(j);
      }
      const std::string service = service_text(box);
      lines.push_back(fmt::format("{} {} from {} to {}{}", what.front(), service,
                                  side_text(box.source, from_, has_twin),
                                  side_text(box.destination, to_, has_twin), what.substr(1)));
    }
  }

  static bool is_twin(const Box& a, const Box& b) {
    const auto is_whole = [](const Box& box) {
      return box.source == everything(box.family()) && box.destination == everything(box.family());
    };
    return a.family() != b.family() && is_whole(a) && is_whole(b) && a.protocols == b.protocols &&
           a.ports == b.ports && a.interfaces == b.interfaces;
  }

  std::string from_, to_;
  Effort& effort_;
  Side before_, after_;
  Way way_ = Way::to_host;
  std::uint64_t all_ = 1;
};

// ---- limits and nat, told by their lines ----

std::vector<const Rule*> rules_of(const Policy& policy) {
  std::vector<const Rule*> rules;
  for (const RuleList& list : policy.lists) {
    for (const Rule& rule : list.rules)
      rules.push_back(&rule);
  }
  return rules;
}

void tell_limits(const Policy& before, const Policy& after, std::vector<std::string>& notes) {
  std::vector<std::pair<Rule, const Rule*>> old;
  for (const Rule* rule : rules_of(before))
    old.emplace_back(without_limits(meaning_of(*rule, before)), rule);
  const auto has_limits = [](const Rule& rule) { return rule.limit || rule.is_metered(); };
  for (const Rule* rule : rules_of(after)) {
    const Rule meaning = without_limits(meaning_of(*rule, after));
    const auto same = std::find_if(old.begin(), old.end(),
                                   [&](const auto& entry) { return entry.first == meaning; });
    if (same == old.end()) continue;
    const Rule& was = *same->second;
    const bool is_changed = !(was.limit == rule->limit && was.per_source == rule->per_source);
    old.erase(same);
    if (!is_changed) continue;
    const std::string_view what = !has_limits(was)     ? "is new"
                                  : !has_limits(*rule) ? "is gone"
                                                       : "changed";
    notes.push_back(fmt::format("limit of {} {}", place_text(rule->pos), what));
  }
}

std::string nat_text(const NatRule& nat) {
  constexpr std::string_view kKinds[] = {"masquerade", "snat", "forward", "redirect"};
  std::string text(kKinds[static_cast<std::size_t>(nat.kind)]);
  if (!nat.services_text.empty()) text += " " + nat.services_text;
  return fmt::format("{} ({})", text, place_text(nat.pos));
}

// Zones by name, without what is for people.
std::pair<NatRule, std::set<std::string>> nat_meaning(NatRule nat, const Policy& policy) {
  std::set<std::string> zones;
  for (const ZoneId zone : nat.via)
    zones.emplace(name_of(policy, zone));
  nat.via.clear();
  nat.pos = {};
  nat.id.clear();
  nat.services_text.clear();
  nat.from.text.clear();
  return {std::move(nat), std::move(zones)};
}

void tell_nat(const Policy& a, const Policy& b, std::string_view what,
              std::vector<std::string>& notes) {
  for (const NatRule& nat : b.nat) {
    const auto meaning = nat_meaning(nat, b);
    const bool is_in = std::any_of(a.nat.begin(), a.nat.end(), [&](const NatRule& other) {
      return nat_meaning(other, a) == meaning;
    });
    if (!is_in) notes.push_back(fmt::format("{} {}", nat_text(nat), what));
  }
}

void tell_networks(const Policy& before, const Policy& after, std::vector<std::string>& notes) {
  for (const Zone& zone : after.zones) {
    const auto old = zone_named(before, zone.name);
    if (old && before.zones.at(static_cast<std::size_t>(*old)).networks != zone.networks)
      notes.push_back(fmt::format("networks of zone {} changed", zone.name));
  }
}

// The same on another line is the same.
template <class Section>
bool differs(std::optional<Section> before, std::optional<Section> after) {
  for (auto* section : {&before, &after})
    if (*section) (*section)->pos = {};
  return before != after;
}

void tell_states(const Policy& before, const Policy& after, std::vector<std::string>& notes) {
  if (differs(before.quarantine, after.quarantine))
    notes.emplace_back("quarantine: who is kept from servers that are out changed");
  if (differs(before.overload, after.overload))
    notes.emplace_back("overload: what each source has while the gateway is overloaded changed");
}

std::vector<std::string> zone_names(const Policy& before, const Policy& after) {
  std::vector<std::string> names;
  for (const Policy* policy : {&after, &before}) {
    for (const Zone& zone : policy->zones) {
      if (std::find(names.begin(), names.end(), zone.name) == names.end())
        names.push_back(zone.name);
    }
  }
  names.emplace_back("host");
  return names;
}

}  // namespace

Difference difference_between(const Policy& before, const Policy& after, std::size_t lines_max) {
  Difference told;
  Effort effort;
  const std::vector<std::string> names = zone_names(before, after);
  for (const std::string& from : names) {
    for (const std::string& to : names) {
      if (from == "host" && to == "host") continue;
      if (!PairDifference(before, after, from, to, effort).run(told.lines))
        told.is_complete = false;
    }
  }
  if (told.lines.size() > lines_max) {
    told.lines_left_out = told.lines.size() - lines_max;
    told.lines.resize(lines_max);
  }
  tell_networks(before, after, told.notes);
  tell_limits(before, after, told.notes);
  tell_states(before, after, told.notes);
  tell_nat(after, before, "is gone", told.notes);
  tell_nat(before, after, "is new", told.notes);
  return told;
}

}  // namespace ravelin::policies
