#include "gateway/upstream/keep_alive_timeout.h"

#include "base/text.h"

namespace ravelin::gateway {

std::optional<std::chrono::seconds> parse_keep_alive_timeout(std::string_view value) {
  constexpr std::string_view kName = "timeout=";
  constexpr std::uint64_t kSecondsMax = 24 * 3600;
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view part = base::trim(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (!base::iequals(part.substr(0, kName.size()), kName)) continue;
    const auto seconds = base::parse_u64(part.substr(kName.size()));
    if (!seconds || *seconds > kSecondsMax) return std::nullopt;
    return std::chrono::seconds(*seconds);
  }
  return std::nullopt;
}

}  // namespace ravelin::gateway
