#include "gateway/balance/effective_weight.h"

#include "gateway/balance/server_state.h"

#include <algorithm>
#include <cmath>

namespace ravelin::gateway {
namespace {

constexpr double kWarmthMin = 0.1;

}  // namespace

std::uint32_t effective_weight(const WeightParts& parts, const WeightBounds& bounds) {
  if (parts.base == 0 || parts.reported <= 0) return 0;
  const double factor = std::clamp(parts.load * parts.reported, bounds.min_percent / 100.0,
                                   bounds.max_percent / 100.0);
  const long weight = std::lround(parts.base * factor * parts.warmth * kWeightUnit);
  return static_cast<std::uint32_t>(std::clamp(weight, 1L, long{kBalanceWeightMax}));
}

double slow_start_warmth(base::Duration since, base::Duration window) {
  if (since >= window) return 1.0;
  const double done = static_cast<double>(since.count()) / static_cast<double>(window.count());
  return std::clamp(done, kWarmthMin, 1.0);
}

}  // namespace ravelin::gateway
