#include "policies/analyse/outcome.h"

#include "policies/model/meaning.h"

namespace ravelin::policies {
namespace {

constexpr Outcome kAllowed{.may_allow = true};
constexpr Outcome kBlocked{.may_block = true};

struct Open {
  Piece piece;
  std::size_t behind;  // decisions before this one are done with
};

void add(std::vector<Decision>& list, const PairRule& met) {
  const Rule& rule = *met.rule;
  const bool is_plain = !rule.limit && !rule.owner && !rule.when && !rule.until;
  for (const Box& box : met.certain)
    list.push_back({box, is_allow(rule), is_plain});
  if (rule.from.feeds.empty() && rule.to.feeds.empty()) return;
  for (const Box& box : met.possible)
    list.push_back({box, is_allow(rule), false});
}

Outcome with(Outcome outcome, bool is_allow) {
  (is_allow ? outcome.may_allow : outcome.may_block) = true;
  return outcome;
}

}  // namespace

Way way_of(ZoneId from, ZoneId to) {
  if (from == kHost) return Way::from_host;
  return to == kHost ? Way::to_host : Way::through;
}

bool is_governed(const Policy& policy, Way way) {
  switch (way) {
    case Way::to_host:
      return true;
    case Way::through:
      return forwards(policy);
    case Way::from_host:
      return governs_output(policy);
  }
  return true;
}

Outcome end_of(const Policy& policy, Way way) {
  return is_governed(policy, way) ? kBlocked : kAllowed;
}

std::optional<Decisions> decisions_of(const Pair& pair, Essential essential) {
  const Way way = way_of(pair.from, pair.to);
  Decisions made{.end = end_of(*pair.policy, way)};
  if (!is_governed(*pair.policy, way)) return made;
  if (essential == Essential::counted) {
    for (const Box& box : essential_boxes(*pair.policy, pair.from, pair.to))
      made.list.push_back({box, true, true});
  }
  for (const PairRule& met : pair.rules) {
    if (met.is_too_large) return std::nullopt;
    if (met.rule->is_final()) add(made.list, met);
  }
  return made;
}

std::optional<std::vector<Piece>> pieces_of(std::span<const Box> boxes, const Decisions& decisions,
                                            std::size_t pieces_max, Effort& effort) {
  std::vector<Piece> done;
  std::vector<Open> open;
  for (const Box& box : boxes)
    open.push_back({{box, {}}, 0});
  std::vector<Box> outside;
  while (!open.empty()) {
    Open now = open.back();
    open.pop_back();
    bool is_decided = false;
    for (; !is_decided && now.behind < decisions.list.size(); ++now.behind) {
      if (!effort.spend()) return std::nullopt;
      const Decision& decision = decisions.list[now.behind];
      const auto inside = intersection(now.piece.box, decision.box);
      if (!inside) continue;
      outside.clear();
      subtract(now.piece.box, decision.box, outside);
      for (const Box& box : outside)
        open.push_back({{box, now.piece.outcome}, now.behind + 1});
      now.piece.box = *inside;
      now.piece.outcome = with(now.piece.outcome, decision.is_allow);
      is_decided = decision.is_certain;
    }
    if (!is_decided) {
      now.piece.outcome.may_allow |= decisions.end.may_allow;
      now.piece.outcome.may_block |= decisions.end.may_block;
    }
    done.push_back(now.piece);
    if (done.size() + open.size() > pieces_max) return std::nullopt;
  }
  return done;
}

}  // namespace ravelin::policies
