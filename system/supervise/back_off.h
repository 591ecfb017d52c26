// When a process that ended by itself is started again: at once where it had done its work, later
// and later where it ended before it could, or soon after it could, again and again: then no later
// than kMostServing, since it serves for a moment each time. Pure.
#pragma once

#include "base/clock.h"

namespace ravelin::system {

class BackOff {
 public:
  static constexpr base::Duration kFirst = std::chrono::milliseconds(100);
  static constexpr base::Duration kMost = std::chrono::seconds(30);
  static constexpr base::Duration kMostServing = std::chrono::seconds(1);
  // Who had not worked for as long may be starting in vain: that many times it is believed.
  static constexpr base::Duration kWorked = std::chrono::seconds(1);
  static constexpr int kShortRunsMax = 10;
  // Between two starts, whatever happens.
  static constexpr base::Duration kApart = std::chrono::milliseconds(50);

  // It ended after it had run for `ran`; `was_ready`: it had said that it was ready. The pause
  // before the next start.
  base::Duration ended(base::Duration ran, bool was_ready);

 private:
  base::Duration next_{0};
  int short_runs_ = 0;  // one after the other, up to the first that is not believed
};

}  // namespace ravelin::system
