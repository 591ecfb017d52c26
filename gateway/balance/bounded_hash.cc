#include "gateway/balance/bounded_hash.h"

#include "base/check.h"

namespace ravelin::gateway {

void BoundedHash::update(const TurnPlan& plan) {
  CHECK(ring_ == nullptr || ring_->server_count() == plan.shares.size());
  per_share_.assign(plan.shares.size(), kNever);
  in_turn_.clear();
  total_ = 0;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < plan.shares.size(); ++i) {
    const std::uint32_t share = plan.shares[i];
    if (share == 0) continue;
    per_share_[i] = 1.0 / share;
    total_ += share;
    largest = std::max(largest, share);
    in_turn_.push_back(static_cast<std::uint32_t>(i));
  }
  per_share_least_ = largest == 0 ? 0 : 1.0 / largest;
}

}  // namespace ravelin::gateway
