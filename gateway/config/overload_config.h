// From when on the gateway takes less work: values with their defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

// In percent of a resource's limit. An action begins at `enter` and ends at `leave`.
struct OverloadThresholds {
  std::uint32_t enter = 0;  // 0 = off
  std::uint32_t leave = 0;

  friend bool operator==(const OverloadThresholds&, const OverloadThresholds&) = default;
};

// What the kernel does while an action is in force: new connections of each source that it lets
// through, and listeners whose handshakes it answers with cookies.
struct KernelOverload {
  std::uint32_t new_per_second = 0;
  std::uint32_t burst = 0;
  std::vector<std::string> synproxy;  // names of listeners
  std::uint32_t mss = 1460;           // that it offers over IPv4; 20 less over IPv6

  friend bool operator==(const KernelOverload&, const KernelOverload&) = default;
};

struct OverloadConfig {
  enum class Memory : std::uint8_t { cgroup, off, fixed };

  std::uint32_t requests_max = 50'000;  // in flight, gateway-wide; more get 503 at once
  Memory memory = Memory::cgroup;       // cgroup: the limit of the process's cgroup, if it has one
  std::uint64_t memory_bytes_max = 0;   // for Memory::fixed
  std::chrono::milliseconds lag_max{2'000};  // of the slowest worker's loop, over a second; 0 = off
  OverloadThresholds stop_keep_alive{85, 75};
  OverloadThresholds refuse_connections{92, 85};
  OverloadThresholds shed_requests{98, 92};
  std::optional<KernelOverload> kernel;  // none: as many as ever
};

}  // namespace ravelin::gateway
