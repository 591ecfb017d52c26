// When a file that something happened to is to be read: once it has been left alone for a while,
// but not later than some time after the first event. The decision only: no files, no clock.
#pragma once

#include "base/clock.h"

#include <algorithm>
#include <optional>

namespace ravelin::gateway {

struct WatchTiming {
  base::Duration quiet = std::chrono::milliseconds(500);  // nothing happened for this long: load
  base::Duration quiet_max = std::chrono::seconds(5);     // but no later than this after the first
  base::Duration look_every = std::chrono::seconds(10);   // stat() where no event comes (NFS)
};

class Settling {
 public:
  explicit Settling(const WatchTiming& timing) : timing_(timing) {}

  // Something happened.
  void on_event(base::MonoTime now) {
    if (!first_event_) first_event_ = now;
    last_event_ = now;
  }

  // When to read; nothing = nothing has happened.
  [[nodiscard]] std::optional<base::MonoTime> due() const {
    if (!first_event_) return std::nullopt;
    return std::min(*last_event_ + timing_.quiet, *first_event_ + timing_.quiet_max);
  }

  [[nodiscard]] bool is_due(base::MonoTime now) const { return first_event_ && *due() <= now; }

  // It was read.
  void reset() {
    first_event_.reset();
    last_event_.reset();
  }

 private:
  WatchTiming timing_;
  std::optional<base::MonoTime> first_event_;
  std::optional<base::MonoTime> last_event_;
};

}  // namespace ravelin::gateway
