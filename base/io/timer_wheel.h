// TimerWheel: coarse deadlines for everything a worker waits for. Arming and disarming are a few
// pointer writes; precision is one tick. Pure apart from calling what expired; one thread. Source:
// Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (scheme 6).
#pragma once

#include "base/clock.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ravelin::base {

// A place in the wheel, embedded in whatever waits. Leaves the wheel when destroyed.
class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  ~TimerNode() { disarm(); }

  void disarm() {
    if (next_ == nullptr) return;
    next_->prev_ = prev_;
    prev_->next_ = next_;
    next_ = prev_ = nullptr;
  }

  [[nodiscard]] bool is_armed() const { return next_ != nullptr; }

 protected:
  // Called once, disarmed, on the worker's thread. May arm itself or others again, or destroy
  // itself.
  using Expired = void (*)(TimerNode&);
  Expired expired_ = nullptr;

 private:
  friend class TimerWheel;
  TimerNode* next_ = nullptr;
  TimerNode* prev_ = nullptr;
  std::uint64_t tick_ = 0;
};

class TimerWheel {
 public:
  static constexpr std::size_t kSlots = 1024;  // a power of two
  static constexpr Duration kTick = std::chrono::milliseconds(20);

  explicit TimerWheel(MonoTime now) : tick_(tick_of(now)) {
    for (auto& slot : slots_)
      slot.next_ = slot.prev_ = &slot;
  }

  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  // Expires in the first tick that lies wholly after `deadline`: never early, at most two ticks
  // late.
  void arm(TimerNode& node, MonoTime deadline) {
    node.disarm();
    const std::uint64_t tick = tick_of(deadline) + 1;
    node.tick_ = tick > tick_ ? tick : tick_ + 1;
    link(slots_[node.tick_ & (kSlots - 1)], node);
  }

  // Runs what is due at `now`.
  void advance(MonoTime now);

 private:
  static std::uint64_t tick_of(MonoTime time) {
    return static_cast<std::uint64_t>(time.since_boot / kTick);
  }

  static void link(TimerNode& slot, TimerNode& node) {
    node.next_ = slot.next_;
    node.prev_ = &slot;
    slot.next_->prev_ = &node;
    slot.next_ = &node;
  }

  void expire(TimerNode& slot);

  std::array<TimerNode, kSlots> slots_;
  std::uint64_t tick_;
};

}  // namespace ravelin::base
