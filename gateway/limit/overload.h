// Overload: which actions are due at which pressure. A pure function over measured values; who
// measures and who acts is elsewhere. Any thread.
//
// In the order in which they begin, each with its own thresholds: `stop_keep_alive` closes idle
// connections, the oldest first, and ends the others after their response; `refuse_connections`
// closes new ones as they come; `shed_requests` answers new requests with 503.
#pragma once

#include "gateway/config/overload_config.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

enum class OverloadAction : std::uint8_t { stop_keep_alive, refuse_connections, shed_requests };
inline constexpr std::size_t kOverloadActions = 3;

enum class OverloadResource : std::uint8_t { memory, descriptors, lag, requests };
inline constexpr std::size_t kOverloadResources = 4;

std::string_view to_string(OverloadAction action);
std::string_view to_string(OverloadResource resource);

// The actions in force, as one word that other threads read.
class OverloadActions {
 public:
  OverloadActions() = default;

  explicit OverloadActions(std::uint8_t bits) : bits_(bits) {}

  [[nodiscard]] bool has(OverloadAction action) const { return (bits_ & bit(action)) != 0; }

  void set(OverloadAction action) { bits_ = static_cast<std::uint8_t>(bits_ | bit(action)); }

  [[nodiscard]] std::uint8_t bits() const { return bits_; }

  friend bool operator==(OverloadActions, OverloadActions) = default;

 private:
  static std::uint8_t bit(OverloadAction action) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(action));
  }

  std::uint8_t bits_ = 0;
};

// Percent of each resource's limit in use; 0 where there is no limit.
struct OverloadPressure {
  std::array<std::uint32_t, kOverloadResources> percent{};

  std::uint32_t& operator[](OverloadResource resource) {
    return percent[static_cast<std::size_t>(resource)];
  }

  std::uint32_t operator[](OverloadResource resource) const {
    return percent[static_cast<std::size_t>(resource)];
  }
};

// Whether pressure on the resource is a reason for the action. Requests in flight are none: their
// limit is held exactly, request by request. A late loop is none for closing connections: it would
// have to shake hands again.
bool is_reason_for(OverloadResource resource, OverloadAction action);

// What is due now, given what was due before.
OverloadActions plan_overload(OverloadActions before, const OverloadPressure& pressure,
                              const OverloadConfig& config);

// The resource that presses hardest for an action.
OverloadResource strongest_reason(const OverloadPressure& pressure, OverloadAction action);

std::uint32_t percent_of(std::uint64_t used, std::uint64_t limit);  // 0 without a limit

}  // namespace ravelin::gateway
