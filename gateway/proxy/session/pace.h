// Pace: whether a client keeps up. A body may take as long as it likes in all, but not stand still,
// and not fall below a minimum rate over ten seconds. Pure; the caller brings the time.
#pragma once

#include "base/clock.h"

#include <algorithm>
#include <cstdint>

namespace ravelin::gateway {

class Pace {
 public:
  static constexpr base::Duration kWindow = std::chrono::seconds(10);

  Pace(base::MonoTime now, base::Duration idle_max, std::uint64_t bytes_per_s_min)
      : idle_max_(idle_max),
        window_bytes_min_(bytes_per_s_min * 10),
        last_progress_(now),
        window_began_(now) {}

  void progressed(base::MonoTime now, std::uint64_t bytes) {
    last_progress_ = now;
    window_bytes_ += bytes;
  }

  // The client is not what is waited for: its clock does not run.
  void excuse(base::MonoTime now) {
    last_progress_ = window_began_ = now;
    window_bytes_ = 0;
  }

  // When to look again if nothing happens.
  [[nodiscard]] base::MonoTime next_check() const {
    const base::MonoTime idle = last_progress_ + idle_max_;
    return window_bytes_min_ == 0 ? idle : std::min(idle, window_began_ + kWindow);
  }

  enum class Verdict : unsigned char { fine, idle, too_slow };

  Verdict check(base::MonoTime now) {
    if (now - last_progress_ >= idle_max_) return Verdict::idle;
    if (window_bytes_min_ == 0 || now - window_began_ < kWindow) return Verdict::fine;
    const bool slow = window_bytes_ < window_bytes_min_;
    window_began_ = now;
    window_bytes_ = 0;
    return slow ? Verdict::too_slow : Verdict::fine;
  }

 private:
  base::Duration idle_max_;
  std::uint64_t window_bytes_min_;
  base::MonoTime last_progress_;
  base::MonoTime window_began_;
  std::uint64_t window_bytes_ = 0;
};

}  // namespace ravelin::gateway
