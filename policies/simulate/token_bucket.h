// The kernel's token bucket (net/netfilter/nft_limit.c): credit is time, a packet or byte costs
// what the rate takes for one. Pure value; any thread.
#pragma once

#include "policies/model/policy.h"

#include <chrono>
#include <cstdint>

namespace ravelin::policies {

// Full at the start. Of packets it holds `burst` of them; of bytes, as the kernel has it, what
// comes in one unit of time and `burst` on top. Time that runs backwards adds nothing.
class TokenBucket {
 public:
  TokenBucket(const Rate& rate, std::chrono::nanoseconds now);

  // Whether there was enough for a packet of so many bytes; only then is it taken.
  bool take(std::uint32_t bytes, std::chrono::nanoseconds now);

 private:
  [[nodiscard]] std::uint64_t cost(std::uint32_t bytes) const;

  Rate rate_;
  std::uint64_t credit_max_;
  std::uint64_t credit_;
  std::chrono::nanoseconds last_;
};

}  // namespace ravelin::policies
