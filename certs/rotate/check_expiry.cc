#include "certs/rotate/check_expiry.h"

#include <algorithm>

namespace ravelin::certs {

using std::chrono::days;
using std::chrono::seconds;

Worry judge_expiry(std::chrono::sys_seconds not_before, std::chrono::sys_seconds not_after,
                   const ExpiryThresholds& thresholds, std::chrono::sys_seconds now) {
  constexpr int kWarningPart = 4;
  constexpr int kCriticalPart = 10;
  const seconds lifetime = std::max(not_after - not_before, seconds(0));
  const seconds left = not_after - now;
  const seconds critical =
      thresholds.critical.value_or(std::min<seconds>(days(7), lifetime / kCriticalPart));
  const seconds warning =
      thresholds.warning.value_or(std::min<seconds>(days(21), lifetime / kWarningPart));
  if (left <= seconds(0) || left <= critical) return Worry::critical;
  return left <= warning ? Worry::warning : Worry::none;
}

}  // namespace ravelin::certs
