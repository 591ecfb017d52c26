#include "system/supervise/back_off.h"

#include <algorithm>

namespace ravelin::system {

base::Duration BackOff::ended(base::Duration ran, bool was_ready) {
  const base::Duration apart = std::max(kApart - ran, base::Duration(0));
  const base::Duration pause = was_ready ? base::Duration(0) : next_;
  next_ = was_ready ? base::Duration(0) : std::clamp(next_ * 2, kFirst, kMost);
  return std::max(pause, apart);
}

}  // namespace ravelin::system
