#include "policies/simulate/token_bucket.h"

#include "base/check.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

std::uint64_t unit_of(const Rate& rate) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(rate.per).count());
}

std::uint64_t room_of(const Rate& rate) {
  CHECK(rate.count != 0);
  if (rate.of == Rate::Of::packets) return unit_of(rate) / rate.count * rate.burst;
  return unit_of(rate) * (rate.count + rate.burst) / rate.count;
}

}  // namespace

TokenBucket::TokenBucket(const Rate& rate, std::chrono::nanoseconds now)
    : rate_(rate), credit_max_(room_of(rate)), credit_(credit_max_), last_(now) {}

bool TokenBucket::take(std::uint32_t bytes, std::chrono::nanoseconds now) {
  if (now > last_) credit_ += static_cast<std::uint64_t>((now - last_).count());
  credit_ = std::min(credit_, credit_max_);
  last_ = std::max(last_, now);
  const std::uint64_t price = cost(bytes);
  if (price > credit_) return false;
  credit_ -= price;
  return true;
}

std::uint64_t TokenBucket::cost(std::uint32_t bytes) const {
  return rate_.of == Rate::Of::packets ? unit_of(rate_) / rate_.count
                                       : unit_of(rate_) * bytes / rate_.count;
}

}  // namespace ravelin::policies
