// `forward` entries that open nothing, because rules decide everything they could.
#include "policies/analyse/findings.h"
#include "policies/analyse/prove.h"
#include "policies/analyse/reach.h"
#include "policies/analyse/translate.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

namespace ravelin::policies {
namespace {

// What the rules of one pair leave of an entry's flows.
struct Left {
  bool is_open = true;  // some, or it is not decided
  const Rule* by = nullptr;
};

Left left_of(const NatRule& nat, const Pair& pair, Effort& effort) {
  const Region flows = intersection(pair.everything(), flows_of(nat, *pair.policy, pair.sources));
  if (flows.empty() || may_be_left(pair, flows, effort).answer != Reached::Answer::none) return {};
  if (may_be_allowed(pair, flows, effort).answer != Reached::Answer::none) return {};
  return {false, may_be_denied(pair, flows, effort).rule};
}

// The rule that closes it on every way; none: it opens something.
const Rule* closing_rule(const NatRule& nat, const Policy& policy, Effort& effort) {
  AddressRanges targets;
  for (const base::IpAddress& address : nat.to)
    targets.push_back({address, address});
  const std::vector<ZoneId> zones = zones_with(policy, targets);
  const Rule* by = nullptr;
  for (const ZoneId from : nat.via) {
    for (const ZoneId to : zones) {
      const auto pair = pair_of(policy, from, to);
      if (!pair) return nullptr;
      const Left left = left_of(nat, *pair, effort);
      if (left.is_open) return nullptr;
      if (by == nullptr) by = left.by;
    }
  }
  return by;
}

}  // namespace

void find_closed_forwards(const Policy& policy, base::Diagnostics& findings, Effort& effort) {
  for (std::size_t i = 0; i < policy.nat.size(); ++i) {
    const NatRule& nat = policy.nat[i];
    if (nat.kind != NatRule::Kind::forward) continue;
    if (const Rule* by = closing_rule(nat, policy, effort))
      findings.warn(
          nat.pos, fmt::format("nat[{}]", i),
          fmt::format("opens nothing: rules are asked first, and {} refuses what it would "
                      "let in; allow it before that rule, or take the rule away",
                      place_text(by->pos)));
  }
}

}  // namespace ravelin::policies
