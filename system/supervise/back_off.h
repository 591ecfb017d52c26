// When a process that ended by itself is started again: at once where it had done its work, later
// and later where it ended before it could. Pure.
#pragma once

#include "base/clock.h"

namespace ravelin::system {

class BackOff {
 public:
  static constexpr base::Duration kFirst = std::chrono::milliseconds(100);
  static constexpr base::Duration kMost = std::chrono::seconds(30);
  // Between two starts, whatever happens.
  static constexpr base::Duration kApart = std::chrono::milliseconds(50);

  // It ended after it had run for `ran`; `was_ready`: it had said that it was ready. The pause
  // before the next start.
  base::Duration ended(base::Duration ran, bool was_ready);

 private:
  base::Duration next_{0};
};

}  // namespace ravelin::system
