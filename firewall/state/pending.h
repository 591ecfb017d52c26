// A change that is applied but not yet confirmed: written to the disk before the kernel is touched,
// so that whoever comes after a crash knows what to go back to. Pure; any thread.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::firewall {

using base::Result;

// A moment on CLOCK_BOOTTIME: goes on while the machine sleeps, and no clock set by hand moves it.
struct BootTime {
  std::string boot_id;  // /proc/sys/kernel/random/boot_id
  std::chrono::nanoseconds since_boot{0};
};

struct Pending {
  std::uint64_t revision = 0;           // applied, to be confirmed
  std::uint64_t previous = 0;           // confirmed before it; 0: none, there was no table
  std::chrono::nanoseconds applied{0};  // since the same boot
  BootTime deadline;

  friend bool operator==(const Pending& a, const Pending& b) {
    return a.revision == b.revision && a.previous == b.previous && a.applied == b.applied &&
           a.deadline.boot_id == b.deadline.boot_id &&
           a.deadline.since_boot == b.deadline.since_boot;
  }
};

std::string format_pending(const Pending& pending);
Result<Pending> parse_pending(std::string_view text);

// How much longer a change may stay unconfirmed; zero once it is to be undone. Another boot counts
// as expired.
std::chrono::nanoseconds time_left(const Pending& pending, const BootTime& now);

}  // namespace ravelin::firewall
