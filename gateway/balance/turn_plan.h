// Which servers of a pool are in turn, and with what share: priority groups, the gateway's zone,
// and panic. Pure; any thread.
#pragma once

#include "gateway/balance/server_state.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ravelin::gateway {

struct TurnRules {
  // Fewer usable servers than this, of those the operator has not taken out: all of them are used,
  // whatever their health, group and zone. 0 = never.
  std::uint32_t panic_percent = 0;
  // A group of which less than this (by weight) is usable shares its requests with the next one:
  // it keeps usable / this. 0 = the next group waits until none is usable.
  std::uint32_t priority_spill_percent = 0;
  // The same for the servers of the gateway's own zone and those of all others, within a group.
  std::uint32_t zone_spill_percent = 70;

  friend bool operator==(const TurnRules&, const TurnRules&) = default;
};

struct TurnPlan {
  static constexpr std::uint32_t kUnitsPerWeight = 256;
  static constexpr unsigned kNoGroup = kBackupGroup + 1U;

  // By server: its share of the requests, relative to the others; 0 = not in turn. While one group
  // and zone has them all it is weight * kUnitsPerWeight, and never more.
  std::vector<std::uint32_t> shares;
  unsigned group = kNoGroup;  // the first one in turn
  bool panics = false;
};

// The plan for these states. Writes into `plan`, whose memory is used again.
void plan_turn(std::span<const ServerState> servers, const TurnRules& rules, TurnPlan& plan);

}  // namespace ravelin::gateway
