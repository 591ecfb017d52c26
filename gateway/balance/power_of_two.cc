#include "gateway/balance/power_of_two.h"

namespace ravelin::gateway {

void PowerOfTwo::update(const TurnPlan& plan) {
  shares_ = plan.shares;
  columns_.clear();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    if (shares_[i] == 0) continue;
    total += shares_[i];
    columns_.push_back({.own = 0,
                        .server = static_cast<std::uint32_t>(i),
                        .alias = static_cast<std::uint32_t>(i)});
  }
  // Height of each column where `total` is the mean: below it a column has room for an alias.
  const std::uint64_t count = columns_.size();
  std::vector<std::uint64_t> heights(count);
  std::vector<std::size_t> low;
  std::vector<std::size_t> high;
  for (std::size_t i = 0; i < count; ++i) {
    heights[i] = shares_[columns_[i].server] * count;
    (heights[i] < total ? low : high).push_back(i);
  }
  while (!low.empty() && !high.empty()) {
    const std::size_t small = low.back();
    low.pop_back();
    const std::size_t big = high.back();
    const double part = static_cast<double>(heights[small]) / static_cast<double>(total);
    columns_[small].own = static_cast<std::uint64_t>(part * 4'294'967'296.0);
    columns_[small].alias = columns_[big].server;
    heights[big] -= total - heights[small];
    if (heights[big] >= total) continue;
    high.pop_back();
    low.push_back(big);
  }
  for (const auto* rest : {&low, &high}) {
    for (const std::size_t i : *rest)
      columns_[i].own = std::uint64_t{1} << 32;
  }
}

}  // namespace ravelin::gateway
