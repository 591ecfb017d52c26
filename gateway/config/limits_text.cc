#include "gateway/config/limits_text.h"

#include "base/text.h"
#include "gateway/config/words.h"

#include <vector>

namespace ravelin::gateway {
namespace {

std::string key_text(const LimitKeyConfig& key) {
  return key.kind == LimitKeyConfig::Kind::header ? fmt::format("header {}", key.header)
                                                  : std::string(word_of(kLimitKeys, key.kind));
}

}  // namespace

std::string limits_text(const RouteLimitsConfig& limits) {
  std::vector<std::string> parts;
  if (const auto& rate = limits.rate) {
    parts.push_back(fmt::format("{} requests per {}, bursts of {}, by {}", rate->requests,
                                base::format_duration(rate->per), rate->burst,
                                key_text(rate->key)));
  }
  if (const auto& concurrent = limits.concurrent) {
    parts.push_back(
        fmt::format("{} at a time by {}", concurrent->requests, key_text(concurrent->key)));
  }
  if (const auto& bandwidth = limits.bandwidth) {
    if (bandwidth->down_bytes_per_s != 0)
      parts.push_back(base::format_bytes(bandwidth->down_bytes_per_s) + "/s down");
    if (bandwidth->up_bytes_per_s != 0)
      parts.push_back(base::format_bytes(bandwidth->up_bytes_per_s) + "/s up");
  }
  return base::join(parts, "; ");
}

}  // namespace ravelin::gateway
