#include "system/supervise/back_off.h"

#include <algorithm>

namespace ravelin::system {

base::Duration BackOff::ended(base::Duration ran, bool was_ready) {
  const base::Duration apart = std::max(kApart - ran, base::Duration(0));
  const bool has_worked = was_ready && ran >= kWorked;
  if (has_worked) short_runs_ = 0;
  if (was_ready && !has_worked && short_runs_ <= kShortRunsMax) ++short_runs_;
  const bool is_fine = was_ready && short_runs_ <= kShortRunsMax;
  const base::Duration waited = was_ready ? std::min(next_, kMostServing) : next_;
  const base::Duration pause = is_fine ? base::Duration(0) : waited;
  next_ = is_fine ? base::Duration(0) : std::clamp(next_ * 2, kFirst, kMost);
  return std::max(pause, apart);
}

}  // namespace ravelin::system
