// One pair of zones as a chain: a lookup a stratum, then how the pair ends.
#include "base/hash.h"
#include "firewall/compile/boxes.h"
#include "firewall/compile/lowering.h"
#include "firewall/compile/widen.h"
#include "policies/model/meaning.h"

#include <algorithm>
#include <map>

namespace ravelin::firewall {
namespace {

using base::Family;
using policies::ZoneId;

// A pair being lowered: its rules, where each leads, its chain, what it costs.
struct Pair {
  ZoneId from = 0, to = 0;
  std::vector<const policies::Rule*> rules;
  std::vector<Verdict> verdict_of;
  Chain chain;
  PairDepth depth;
  std::map<std::vector<int>, Verdict> ways;  // of rules met one after the other
};

// A stratum with its keys, if it has some.
struct KeyedStratum {
  Stratum stratum;
  Boxes boxes;
};

Key key_of(const Shape& shape) {
  Key key;
  for (const Field field : fields_of(shape))
    key.push_back({field, 0});
  return key;
}

void append_map(Lowering& lowering, Pair& pair, const Shape& shape, std::vector<Element> elements,
                bool is_interval) {
  if (elements.empty()) return;
  Set map{.name = lowering.name(fmt::format("v_{}", std::string_view(pair.chain.name).substr(2))),
          .key = fields_of(shape)};
  map.is_verdict_map = true;
  map.is_interval = is_interval;
  map.elements = std::move(elements);
  pair.chain.rules.push_back({{VerdictLookup{key_of(shape), map.name}}, {}, {}});
  lowering.add_set(std::move(map));
  ++pair.depth.lookups;
}

// All alternatives of one side of a plain clause: sets of which one must hold the address. An empty
// name is everyone.
std::vector<std::string> sides_of(Lowering& lowering, const Pair& pair, const Clause& clause,
                                  bool is_from) {
  const AddressRanges& ranges = is_from ? clause.from : clause.to;
  const std::vector<int>& feeds = is_from ? clause.from_feeds : clause.to_feeds;
  if (!(is_from ? clause.shape.has_from : clause.shape.has_to)) return {std::string()};
  std::vector<std::string> sets;
  if (!ranges.empty())
    sets.push_back(lowering.add_ranges(
        fmt::format("a_{}", std::string_view(pair.chain.name).substr(2)), ranges));
  const bool is_v4 = clause.shape.family == Family::ipv4;
  for (const int feed : feeds) {
    const std::string& name = lowering.policy.feeds.at(static_cast<std::size_t>(feed)).name;
    sets.push_back(feed_set_name(name, is_v4 ? FeedPart::hosts4 : FeedPart::hosts6));
    sets.push_back(feed_set_name(name, is_v4 ? FeedPart::nets4 : FeedPart::nets6));
  }
  return sets;
}

// The services of a plain clause as a set to look into.
std::optional<Lookup> services_of(Lowering& lowering, const Pair& pair, const Clause& clause) {
  if (clause.shape.service == ServiceKey::none) return std::nullopt;
  Shape shape{.family = clause.shape.family, .service = clause.shape.service};
  if (shape.service == ServiceKey::ports || shape.service == ServiceKey::protocol)
    shape.family.reset();
  Clause alone{.shape = shape, .terms = clause.terms};
  const Boxes boxes = disjoint_boxes({shape, 0, false, {alone}});
  KeyElements elements =
      elements_of(shape, boxes.boxes, [](const std::vector<int>& /*rules*/) { return drop(); });
  Set set{.name = lowering.name(fmt::format("s_{}", std::string_view(pair.chain.name).substr(2))),
          .key = fields_of(shape)};
  set.is_interval = !elements.ranges.empty();
  if (set.is_interval) {
    for (const Element& point : elements.points)
      elements.ranges.push_back({point.key, point.key, {}});
  }
  set.elements = set.is_interval ? std::move(elements.ranges) : std::move(elements.points);
  for (Element& element : set.elements)
    element.verdict.reset();
  std::sort(set.elements.begin(), set.elements.end(),
            [](const Element& a, const Element& b) { return a.key < b.key; });
  Lookup lookup{key_of(shape), set.name};
  lowering.add_set(std::move(set));
  return lookup;
}

// The interfaces a clause is about, as alternatives; one without a name is all.
std::vector<std::optional<Match>> interfaces_of(const Pair& pair, const Clause& clause) {
  if (clause.via.empty()) return {std::nullopt};
  const Field field = pair.from == policies::kHost ? Field::oifname : Field::iifname;
  std::vector<std::optional<Match>> matches;
  for (const std::string& pattern : clause.via) {
    Match match = interface_match(field, pattern);
    if (pattern.ends_with('*')) {
      match.prefix = static_cast<std::uint8_t>(pattern.size() - 1);
      match.value = interface_bytes(std::string_view(pattern).substr(0, match.prefix));
    }
    matches.emplace_back(std::move(match));
  }
  return matches;
}

Key address_key(const Clause& clause, bool is_from) {
  const bool is_v4 = clause.shape.family == Family::ipv4;
  if (is_from) return {{is_v4 ? Field::ip_saddr : Field::ip6_saddr, 0}};
  return {{is_v4 ? Field::ip_daddr : Field::ip6_daddr, 0}};
}

// A clause as rules, one for each combination of its alternatives, in a chain of their own:
// whichever is met first leads to the rule, and what comes back from there goes on behind all of
// them.
void append_plain(Lowering& lowering, Pair& pair, const Clause& clause) {
  const policies::Rule& rule = *pair.rules[static_cast<std::size_t>(clause.rule)];
  const std::optional<Lookup> services = services_of(lowering, pair, clause);
  Chain ways{.name =
                 lowering.name(fmt::format("w_{}", std::string_view(pair.chain.name).substr(2)))};
  const Verdict action = go_to(pair.verdict_of[static_cast<std::size_t>(clause.rule)].chain);
  const std::vector<std::string> sources = sides_of(lowering, pair, clause, true);
  const std::vector<std::string> targets = sides_of(lowering, pair, clause, false);
  for (const auto& interface : interfaces_of(pair, clause)) {
    for (const std::string& source : sources) {
      for (const std::string& target : targets) {
        std::vector<Statement> statements;
        if (interface) statements.emplace_back(*interface);
        if (!source.empty()) statements.emplace_back(Lookup{address_key(clause, true), source});
        if (!target.empty()) statements.emplace_back(Lookup{address_key(clause, false), target});
        if (services) statements.emplace_back(*services);
        statements.emplace_back(action);
        ways.rules.push_back({std::move(statements), provenance(rule.pos, rule.id), rule.pos});
      }
    }
  }
  pair.depth.plain_rules += static_cast<int>(ways.rules.size());
  pair.chain.rules.push_back({{jump_to(ways.name)}, provenance(rule.pos, rule.id), rule.pos});
  lowering.add_chain(std::move(ways));
}

// Where rules lead that a packet meets one after the other: each comes back unless it decides.
Verdict way_of(Lowering& lowering, Pair& pair, const std::vector<int>& rules) {
  const auto verdict_of = [&](int rule) { return pair.verdict_of[static_cast<std::size_t>(rule)]; };
  if (rules.size() == 1) return verdict_of(rules.front());
  const auto known = pair.ways.find(rules);
  if (known != pair.ways.end()) return known->second;
  Chain chain{.name =
                  lowering.name(fmt::format("c_{}", std::string_view(pair.chain.name).substr(2)))};
  for (const int index : rules) {
    const policies::Rule& rule = *pair.rules[static_cast<std::size_t>(index)];
    chain.rules.push_back({{verdict_of(index)}, provenance(rule.pos, rule.id), rule.pos});
  }
  Verdict way = jump_to(chain.name);
  lowering.add_chain(std::move(chain));
  pair.ways.emplace(rules, way);
  return way;
}

void append_stratum(Lowering& lowering, Pair& pair, const KeyedStratum& keyed) {
  const Stratum& stratum = keyed.stratum;
  if (stratum.is_plain) {
    append_plain(lowering, pair, stratum.clauses.front());
    return;
  }
  if (stratum.shape.is_everything()) {
    for (const Clause& clause : stratum.clauses) {
      const policies::Rule& rule = *pair.rules[static_cast<std::size_t>(clause.rule)];
      pair.chain.rules.push_back({{pair.verdict_of[static_cast<std::size_t>(clause.rule)]},
                                  provenance(rule.pos, rule.id),
                                  rule.pos});
    }
    return;
  }
  KeyElements elements =
      elements_of(stratum.shape, keyed.boxes.boxes,
                  [&](const std::vector<int>& rules) { return way_of(lowering, pair, rules); });
  append_map(lowering, pair, stratum.shape, std::move(elements.points), false);
  append_map(lowering, pair, stratum.shape, std::move(elements.ranges), true);
}

// A clause that would be cut into too many pieces goes into a lookup of its own layer; when that
// does not help, it becomes plain rules, and a note says so.
void move_away(Lowering& lowering, const Pair& pair, const Clause& refused, int layer,
               std::vector<Clause>& clauses) {
  for (Clause& clause : clauses) {
    if (clause.rule != refused.rule || !(clause.shape == refused.shape)) continue;
    if (layer + 1 < kLayers) {
      clause.layer = layer + 1;
      continue;
    }
    clause.is_plain = true;
    const policies::Rule& rule = *pair.rules[static_cast<std::size_t>(clause.rule)];
    lowering.out.notes.push_back(
        {rule.pos,
         "overlaps the rules before it in too many pieces for a lookup: it is compared "
         "on its own for every new connection that reaches it"});
  }
}

// Strata whose keys could all be made disjoint.
std::vector<KeyedStratum> feasible_strata(Lowering& lowering, const Pair& pair,
                                          std::vector<Clause> clauses) {
  // As many lookups as a pair may take before its clauses are widened.
  constexpr std::size_t kStrataMax = 8;
  if (const std::size_t narrow = stratify(clauses).size(); narrow > kStrataMax) {
    std::vector<Clause> wide = widened(clauses);
    if (stratify(wide).size() < narrow) clauses = std::move(wide);
  }
  while (true) {
    std::vector<KeyedStratum> keyed;
    bool is_feasible = true;
    for (Stratum& stratum : stratify(clauses)) {
      Boxes boxes;
      if (!stratum.is_plain && !stratum.shape.is_everything()) boxes = disjoint_boxes(stratum);
      for (const std::size_t refused : boxes.refused)
        move_away(lowering, pair, stratum.clauses[refused], stratum.layer, clauses);
      is_feasible = is_feasible && boxes.refused.empty();
      keyed.push_back({std::move(stratum), std::move(boxes)});
    }
    if (is_feasible) return keyed;
  }
}

void append_ending(const Lowering& lowering, Pair& pair) {
  const bool is_denied =
      policies::ending(lowering.policy, pair.from, pair.to) == policies::Verdict::deny;
  pair.chain.rules.push_back(
      {{Counter{}, is_denied ? drop() : accept()},
       provenance({},
                  fmt::format("no rule: {} -> {}", policies::name_of(lowering.policy, pair.from),
                              policies::name_of(lowering.policy, pair.to))),
       {}});
}

}  // namespace

std::string feed_set_name(std::string_view feed, FeedPart part) {
  constexpr std::string_view kEnds[] = {"_h4", "_n4", "_h6", "_n6"};
  const std::string_view end = kEnds[static_cast<std::size_t>(part)];
  constexpr std::size_t kFeedMax = 24;  // leaves room for the number of one that takes over
  if (feed.size() <= kFeedMax) return fmt::format("f_{}{}", feed, end);
  constexpr std::size_t kHashBytes = 13;  // .0123456789ab
  const std::uint64_t hash = base::mix_bits(base::fnv1a(feed)) & 0xffff'ffff'ffff;
  return fmt::format("f_{}.{:012x}{}", feed.substr(0, kFeedMax - kHashBytes), hash, end);
}

std::string lower_pair(Lowering& lowering, ZoneId from, ZoneId to,
                       const std::optional<Verdict>& at_end) {
  const policies::Policy& policy = lowering.policy;
  Pair pair{.from = from, .to = to, .rules = policies::rules_between(policy, from, to)};
  pair.chain.name = lowering.name(
      fmt::format("z_{}_{}", policies::name_of(policy, from), policies::name_of(policy, to)));
  pair.depth = {from, to, 0, 0};
  std::vector<Clause> clauses = normalise(policy, from, to, pair.rules, lowering.options.now);
  std::vector<bool> is_used(pair.rules.size());
  for (const Clause& clause : clauses)
    is_used[static_cast<std::size_t>(clause.rule)] = true;
  for (std::size_t i = 0; i < pair.rules.size(); ++i)
    pair.verdict_of.push_back(is_used[i] ? lower_rule(lowering, *pair.rules[i]) : drop());
  for (const KeyedStratum& keyed : feasible_strata(lowering, pair, std::move(clauses)))
    append_stratum(lowering, pair, keyed);
  if (at_end) pair.chain.rules.push_back({{*at_end}, {}, {}});
  append_ending(lowering, pair);
  std::string name = pair.chain.name;
  lowering.add_chain(std::move(pair.chain));
  lowering.out.depth.push_back(pair.depth);
  return name;
}

}  // namespace ravelin::firewall
