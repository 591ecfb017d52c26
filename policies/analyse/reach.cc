#include "policies/analyse/reach.h"

#include "policies/model/meaning.h"

namespace ravelin::policies {
namespace {

// Decides the same at any time, for anyone; a limit shapes it.
bool is_certain_allow(const Rule& rule) {
  return is_allow(rule) && !rule.owner && !rule.when && !rule.until;
}

// Of one that names feeds the addresses it names besides are certain.
bool is_certain_block(const Rule& rule) {
  return is_block(rule) && !rule.limit && !rule.owner && !rule.when && !rule.until;
}

// The first part of `asked` in `wanted` that none of `before` takes.
Reached first_left(std::span<const Box> asked, std::span<const Box> wanted,
                   std::span<const Box> before, Effort& effort) {
  for (const Box& box : asked) {
    for (const Box& other : wanted) {
      if (!effort.spend()) return {.answer = Reached::Answer::undecided};
      const auto part = intersection(box, other);
      if (!part) continue;
      const Coverage answer = coverage(std::span(&*part, 1), before, effort);
      if (answer.is_covered()) continue;
      if (!answer.is_open()) return {.answer = Reached::Answer::undecided};
      return {.answer = Reached::Answer::some, .box = answer.open};
    }
  }
  return {};
}

void append(std::vector<Box>& list, const std::vector<Box>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

// Walks the rules: `stops` takes packets away for good, `finds` is what is looked for.
template <class Stops, class Finds>
Reached walk(const Pair& pair, std::span<const Box> asked, std::vector<Box> before, Stops stops,
             Finds finds, Verdict wanted_end, Effort& effort) {
  for (const PairRule& met : pair.rules) {
    if (finds(*met.rule)) {
      if (met.is_too_large) return {.answer = Reached::Answer::undecided};
      Reached found = first_left(asked, met.possible, before, effort);
      found.rule = met.rule;
      if (found.answer != Reached::Answer::none) return found;
    }
    // One that is too large takes nothing away: what then is found may be wrong, so it is not told.
    if (stops(*met.rule)) append(before, met.certain);
  }
  if ((ending(*pair.policy, pair.from, pair.to) == Verdict::allow) !=
      (wanted_end == Verdict::allow))
    return {};
  const Coverage rest = coverage(asked, before, effort);
  if (rest.is_covered()) return {};
  if (!rest.is_open()) return {.answer = Reached::Answer::undecided};
  return {.answer = Reached::Answer::some, .box = rest.open};
}

// An answer "some" may come of a rule that was too large to be taken away.
Reached without_guess(const Pair& pair, Reached found) {
  if (found.answer != Reached::Answer::some) return found;
  for (const PairRule& met : pair.rules) {
    if (met.rule == found.rule) break;
    if (met.is_too_large) return {.answer = Reached::Answer::undecided};
  }
  return found;
}

}  // namespace

Reached may_be_allowed(const Pair& pair, std::span<const Box> asked, Effort& effort) {
  const std::vector<Box> essential = essential_boxes(*pair.policy, pair.from, pair.to);
  Reached found = first_left(asked, essential, {}, effort);
  found.is_essential = true;
  if (found.answer != Reached::Answer::none) return found;
  return without_guess(pair,
                       walk(pair, asked, {}, is_certain_block, is_allow, Verdict::allow, effort));
}

Reached may_be_left(const Pair& pair, std::span<const Box> asked, Effort& effort) {
  std::vector<Box> decided = essential_boxes(*pair.policy, pair.from, pair.to);
  bool is_guess = false;
  for (const PairRule& met : pair.rules) {
    is_guess = is_guess || met.is_too_large;
    if (is_certain_allow(*met.rule) || is_certain_block(*met.rule)) append(decided, met.certain);
  }
  const Coverage rest = coverage(asked, decided, effort);
  if (rest.is_covered()) return {};
  if (!rest.is_open() || is_guess) return {.answer = Reached::Answer::undecided};
  return {.answer = Reached::Answer::some, .box = rest.open};
}

Reached may_be_denied(const Pair& pair, std::span<const Box> asked, Effort& effort) {
  return without_guess(pair, walk(pair, asked, essential_boxes(*pair.policy, pair.from, pair.to),
                                  is_certain_allow, is_block, Verdict::deny, effort));
}

}  // namespace ravelin::policies
