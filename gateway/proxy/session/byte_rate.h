// ByteRate: when the next bytes may pass so that no more than so many do each second. Pieces pass
// whole; what one has too much the next one waits for. Pure; the caller brings the time.
#pragma once

#include "base/clock.h"

#include <algorithm>
#include <cstdint>

namespace ravelin::gateway {

class ByteRate {
 public:
  // What may be saved while nothing passes: makes up for timers that come up to two ticks late.
  static constexpr base::Duration kSaved = std::chrono::milliseconds(100);

  explicit ByteRate(std::uint64_t bytes_per_s) : bytes_per_s_(bytes_per_s) {}  // 0 = no limit

  [[nodiscard]] bool is_open(base::MonoTime now) const {
    return bytes_per_s_ == 0 || now >= open_at_;
  }

  // When it opens; the past without a limit.
  [[nodiscard]] base::MonoTime open_at() const { return open_at_; }

  void passed(base::MonoTime now, std::uint64_t bytes) {
    if (bytes_per_s_ == 0) return;
    constexpr double kNsPerS = 1e9;
    const double took_ns = static_cast<double>(bytes) * kNsPerS / static_cast<double>(bytes_per_s_);
    open_at_ =
        std::max(open_at_, now + -kSaved) + base::Duration(static_cast<std::int64_t>(took_ns));
  }

 private:
  std::uint64_t bytes_per_s_;
  base::MonoTime open_at_;
};

}  // namespace ravelin::gateway
