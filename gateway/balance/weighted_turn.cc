#include "gateway/balance/weighted_turn.h"

#include "base/check.h"

namespace ravelin::gateway {

WeightedTurn::WeightedTurn(const std::vector<std::uint32_t>& weights, std::uint32_t start) {
  constexpr std::uint32_t kStartMax = 1'000;  // bounds the work, not what can be told apart
  parts_.reserve(weights.size());
  for (const std::uint32_t weight : weights) {
    parts_.push_back({weight, 0});
    total_ += weight;
  }
  CHECK(total_ > 0);
  for (std::uint32_t i = 0; i < start % kStartMax; ++i)
    next();
}

std::size_t WeightedTurn::next() {
  std::size_t best = parts_.size();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].weight == 0) continue;
    parts_[i].credit += parts_[i].weight;
    if (best == parts_.size() || parts_[i].credit > parts_[best].credit) best = i;
  }
  parts_[best].credit -= total_;
  return best;
}

}  // namespace ravelin::gateway
