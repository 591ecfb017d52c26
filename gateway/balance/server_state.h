// What a balancer is told about the servers of a pool. Plain values; any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace ravelin::gateway {

inline constexpr std::size_t kNoServer = std::numeric_limits<std::size_t>::max();
inline constexpr std::uint32_t kBalanceWeightMax = 65'535;
inline constexpr std::uint8_t kBackupGroup = 16;  // what `backup: true` means: after every priority

// What seldom changes about a server: configuration, operator, health checks, ejection.
struct ServerState {
  std::uint32_t weight =
      0;                // 0 = never picked; above kBalanceWeightMax counts as kBalanceWeightMax
  bool usable = false;  // ready by the operator, and healthy
  bool usable_in_panic = false;  // ready by the operator, whatever its health
  std::uint8_t group = 0;        // priority, at most kBackupGroup; 0 is the first to be used
  bool is_local = true;          // in the gateway's zone; all are where no zones are configured

  friend bool operator==(const ServerState&, const ServerState&) = default;
};

// What changes with every request, read by pick() for a server (its index in update()):
//   bool has_room(std::size_t) const            false while at its connection limit
//   std::uint32_t in_flight(std::size_t) const  not read by round_robin
template <class Load>
concept ServerLoad = requires(const Load& load, std::size_t server) {
  { load.has_room(server) } -> std::same_as<bool>;
  { load.in_flight(server) } -> std::convertible_to<std::uint32_t>;
};

}  // namespace ravelin::gateway
