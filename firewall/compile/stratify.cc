#include "firewall/compile/stratify.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

// How far a clause must stand behind one stratum: 0 it may overtake all of it, 1 it may share it, 2
// it must stand behind. Within one lookup the earlier clause has the keys both want; but if it does
// not decide, the later one must be asked as well.
std::size_t distance(const Stratum& stratum, const Clause& clause) {
  const bool shares_keys = !stratum.is_plain && !clause.is_plain && stratum.shape == clause.shape;
  std::size_t most = 0;
  for (const Clause& earlier : stratum.clauses) {
    if (earlier.rule == clause.rule || !earlier.overlaps(clause)) continue;
    if (!shares_keys || earlier.falls_through) return 2;
    most = 1;
  }
  return most;
}

// The first stratum a clause may stand in.
std::size_t first_allowed(const std::vector<Stratum>& strata, const Clause& clause) {
  for (std::size_t i = strata.size(); i-- > 0;) {
    const std::size_t far = distance(strata[i], clause);
    if (far != 0) return i + far - 1;
  }
  return 0;
}

std::size_t place_of(const std::vector<Stratum>& strata, const Clause& clause) {
  if (clause.is_plain) return strata.size();
  for (std::size_t i = first_allowed(strata, clause); i < strata.size(); ++i) {
    if (!strata[i].is_plain && strata[i].shape == clause.shape) return i;
  }
  return strata.size();
}

}  // namespace

std::vector<Stratum> stratify(std::vector<Clause> clauses) {
  std::vector<Stratum> strata;
  for (Clause& clause : clauses) {
    const std::size_t place = place_of(strata, clause);
    if (place == strata.size()) strata.push_back({clause.shape, clause.is_plain, {}});
    strata[place].clauses.push_back(std::move(clause));
  }
  return strata;
}

}  // namespace ravelin::firewall
