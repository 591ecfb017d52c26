// What this host's own TCP offers in a handshake: clients hold on to it for the whole connection,
// so whoever answers in its place has to offer the same. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace ravelin::policies {

struct TcpOffer {
  // At most 14; none: windows are not scaled. 7 is of tcp_rmem's 6 MiB, the kernel's default.
  std::optional<std::uint8_t> window_scale = std::uint8_t{7};
  bool has_timestamps = true;
  bool has_sack = true;

  friend bool operator==(const TcpOffer&, const TcpOffer&) = default;
};

}  // namespace ravelin::policies
