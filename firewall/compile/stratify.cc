#include "firewall/compile/stratify.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

bool may_share(const Stratum& stratum, const Clause& clause) {
  return !stratum.is_plain && !clause.is_plain && stratum.shape == clause.shape &&
         stratum.layer >= clause.layer;
}

bool is_keyed(const Clause& clause) {
  const ServiceKey key = clause.shape.service;
  return !clause.is_plain && key != ServiceKey::none && key != ServiceKey::protocol;
}

// How far a clause must stand behind one stratum: 0 it may overtake all of it, 1 it may share it, 2
// it must stand behind. To overtake a stratum of its own layer would save nothing.
std::size_t distance(const Stratum& stratum, const Clause& clause) {
  const bool shares = may_share(stratum, clause);
  if (shares && stratum.layer == clause.layer) return 1;
  const bool meets =
      std::any_of(stratum.clauses.begin(), stratum.clauses.end(), [&](const Clause& earlier) {
        return earlier.rule != clause.rule && !(earlier.is_rest && is_keyed(clause)) &&
               earlier.overlaps(clause);
      });
  return meets ? shares ? 1 : 2 : 0;
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
    if (may_share(strata[i], clause)) return i;
  }
  return strata.size();
}

}  // namespace

std::vector<Stratum> stratify(std::vector<Clause> clauses) {
  std::vector<Stratum> strata;
  for (Clause& clause : clauses) {
    const std::size_t place = place_of(strata, clause);
    if (place == strata.size()) strata.push_back({clause.shape, clause.layer, clause.is_plain, {}});
    strata[place].clauses.push_back(std::move(clause));
  }
  return strata;
}

}  // namespace ravelin::firewall
