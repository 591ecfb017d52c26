#include "base/io/timer_wheel.h"

namespace ravelin::base {

TimerWheel::~TimerWheel() {
  for (auto& slot : slots_) {
    while (slot.next_ != &slot)
      slot.next_->disarm();
    slot.next_ = slot.prev_ = nullptr;
  }
}

void TimerWheel::advance(MonoTime now) {
  const std::uint64_t target = tick_of(now);
  // After a long pause each slot needs only one look: what is due carries its own tick.
  const std::uint64_t steps = target > tick_ ? target - tick_ : 0;
  const std::uint64_t first = steps > kSlots ? target - kSlots : tick_;
  tick_ = target > tick_ ? target : tick_;
  for (std::uint64_t tick = first + 1; tick <= target; ++tick)
    expire(slots_[tick & (kSlots - 1)]);
}

void TimerWheel::expire(TimerNode& slot) {
  if (slot.next_ == &slot) return;
  // Take the whole slot first: callbacks may arm nodes into it again.
  TimerNode due;
  due.next_ = slot.next_;
  due.prev_ = slot.prev_;
  due.next_->prev_ = &due;
  due.prev_->next_ = &due;
  slot.next_ = slot.prev_ = &slot;
  while (due.next_ != &due) {
    TimerNode& node = *due.next_;
    node.disarm();
    if (node.tick_ > tick_) {
      link(slot, node);
    } else {
      node.expired_(node);
    }
  }
  due.next_ = due.prev_ = nullptr;
}

}  // namespace ravelin::base
