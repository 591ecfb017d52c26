#include "gateway/upstream/idle_limit.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;

namespace {

constexpr int kDoublingsMax = 10;  // a thousandfold: nothing is left of it

bool agree(Duration a, Duration b) {
  const Duration longer = std::max(a, b);
  return longer - std::min(a, b) <= longer / 4;
}

}  // namespace

void IdleLimit::closed(MonoTime now, Duration idle) {
  if (idle < kIdleMin) return;
  const bool has_before = closed_after_.count() != 0;
  if (has_before && now - closed_at_ < kApart) return;
  if (has_before && agree(idle, closed_after_)) {
    const Duration shorter = std::min(idle, closed_after_);
    learned_ = std::min(at(now), shorter - shorter / 8);
    learned_at_ = now;
  }
  closed_at_ = now;
  closed_after_ = idle;
}

void IdleLimit::announced(std::chrono::seconds timeout) {
  constexpr std::chrono::seconds kMargin(1);
  if (timeout > kMargin) announced_ = timeout - kMargin;
}

Duration IdleLimit::at(MonoTime now) const {
  if (learned_ == Duration::max()) return announced_;
  const auto doublings = (now - learned_at_) / kDoublesEvery;
  if (doublings >= kDoublingsMax) return announced_;
  return std::min(announced_, learned_ * (1 << doublings));
}

}  // namespace ravelin::gateway
