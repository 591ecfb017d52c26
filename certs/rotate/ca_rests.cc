#include "certs/rotate/ca_rests.h"

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

using base::Errc;
using namespace std::chrono_literals;

seconds rest_after(int away) {
  constexpr std::array<std::chrono::minutes, 5> kSteps = {1min, 2min, 5min, 10min, 15min};
  return kSteps[std::min(static_cast<std::size_t>(away - 1), kSteps.size() - 1)];
}

bool is_resting(const CaRest& rest, sys_seconds now) {
  return rest.until > now && rest.until <= now + CaRests::kRestMax;
}

}  // namespace

void CaRests::failed(const std::string& issuer, const IssueFailure& failure, sys_seconds now) {
  Kept& kept = kept_[issuer];
  if (failure.is_away) {
    const seconds asked = std::min<seconds>(failure.retry_after.value_or(0s), kRestMax);
    ++kept.rest.away;
    kept.rest.until = now + std::max(rest_after(kept.rest.away), asked);
    return;
  }
  kept.rest.away = 0;
  const Errc code = failure.error.code;
  const bool is_turned_down =
      failure.retry_after || code == Errc::unavailable || code == Errc::timeout;
  kept.turned_down = is_turned_down ? kept.turned_down + 1 : 0;
  if (kept.turned_down >= kTurnedDownMax) kept.rest.until = now + kTurnedDownRest;
}

void CaRests::answered(const std::string& issuer) {
  kept_.erase(issuer);
}

CaRestMap CaRests::resting(sys_seconds now) const {
  CaRestMap all;
  for (const auto& [issuer, kept] : kept_)
    if (is_resting(kept.rest, now)) all.emplace(issuer, kept.rest);
  return all;
}

sys_seconds CaRests::until(std::string_view issuer, sys_seconds now) const {
  const auto kept = kept_.find(issuer);
  return kept != kept_.end() && is_resting(kept->second.rest, now) ? kept->second.rest.until
                                                                   : sys_seconds{};
}

}  // namespace ravelin::certs
