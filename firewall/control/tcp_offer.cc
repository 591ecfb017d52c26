#include "firewall/control/tcp_offer.h"

#include "base/io/file.h"

#include <algorithm>
#include <bit>
#include <sstream>
#include <string>

namespace ravelin::firewall {
namespace {

// The last number of a setting.
std::optional<std::uint64_t> read_last(const std::string& name) {
  constexpr std::size_t kBytesMax = 4096;
  const auto text = base::read_file("/proc/sys/net/" + name, kBytesMax);
  if (!text) return std::nullopt;
  std::istringstream words(*text);
  std::optional<std::uint64_t> last;
  for (std::uint64_t number = 0; words >> number;)
    last = number;
  return last;
}

}  // namespace

policies::TcpOffer offer_of(const TcpSettings& settings) {
  constexpr int kUnscaledBits = 15, kScaleMax = 14;  // RFC 7323 2.3
  policies::TcpOffer offer;
  offer.has_timestamps = settings.has_timestamps;
  offer.has_sack = settings.has_sack;
  offer.window_scale.reset();
  if (!settings.has_window_scaling) return offer;
  const std::uint64_t window = std::max(settings.receive_bytes_max, settings.any_receive_bytes_max);
  const int bits = window == 0 ? 0 : static_cast<int>(std::bit_width(window)) - 1;
  offer.window_scale = static_cast<std::uint8_t>(std::clamp(bits - kUnscaledBits, 0, kScaleMax));
  return offer;
}

std::optional<TcpSettings> read_tcp_settings() {
  const auto receive = read_last("ipv4/tcp_rmem");
  if (!receive) return std::nullopt;
  // Some containers do not show all of them.
  return TcpSettings{*receive, read_last("core/rmem_max").value_or(0),
                     read_last("ipv4/tcp_window_scaling").value_or(1) != 0,
                     read_last("ipv4/tcp_timestamps").value_or(1) != 0,
                     read_last("ipv4/tcp_sack").value_or(1) != 0};
}

}  // namespace ravelin::firewall
