// Time as values: the one monotonic clock of the data path and the wall clock of logs and
// certificates. Decisions take a time as an argument; only I/O files read these clocks.
#pragma once

#include <chrono>
#include <ctime>

namespace ravelin::base {

using Duration = std::chrono::nanoseconds;

// Monotonic time since boot (CLOCK_MONOTONIC); comparable within one process only.
struct MonoTime {
  Duration since_boot{0};

  friend auto operator<=>(const MonoTime&, const MonoTime&) = default;

  friend Duration operator-(MonoTime a, MonoTime b) { return a.since_boot - b.since_boot; }

  friend MonoTime operator+(MonoTime a, Duration d) { return {a.since_boot + d}; }
};

inline std::chrono::microseconds elapsed(MonoTime from, MonoTime to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

inline MonoTime mono_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return {std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec)};
}

using WallTime = std::chrono::system_clock::time_point;

// Seconds since 1970, as metrics tell times.
inline double unix_time(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

inline WallTime wall_now() {
  return std::chrono::system_clock::now();
}

}  // namespace ravelin::base
