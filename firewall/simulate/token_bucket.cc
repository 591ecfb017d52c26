#include "firewall/simulate/token_bucket.h"

#include "base/check.h"

#include <algorithm>

namespace ravelin::firewall::simulate {
namespace {

constexpr std::uint32_t kPacketBurstDefault = 5;  // NFT_LIMIT_PKT_BURST_DEFAULT

}  // namespace

bool TokenBucket::passes(const Limit& limit, std::uint32_t packet_bytes,
                         std::chrono::nanoseconds now) {
  CHECK(limit.count != 0);
  const auto unit = static_cast<std::uint64_t>(std::chrono::nanoseconds(limit.per).count());
  const std::uint64_t burst =
      limit.burst == 0 && !limit.of_bytes ? kPacketBurstDefault : limit.burst;
  const std::uint64_t cost =
      limit.of_bytes ? unit * packet_bytes / limit.count : unit / limit.count;
  const std::uint64_t tokens_max =
      limit.of_bytes ? unit * (limit.count + burst) / limit.count : unit / limit.count * burst;
  std::uint64_t tokens = tokens_max;
  if (tokens_)
    tokens = std::min(tokens_max, *tokens_ + static_cast<std::uint64_t>((now - last_).count()));
  last_ = now;
  const bool is_within = tokens >= cost;
  tokens_ = is_within ? tokens - cost : tokens;
  return is_within != limit.over;
}

}  // namespace ravelin::firewall::simulate
