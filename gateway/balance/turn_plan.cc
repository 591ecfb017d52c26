#include "gateway/balance/turn_plan.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kGroups = kBackupGroup + 1U;

constexpr std::size_t kLocal = 0;  // the gateway's zone, and all others
constexpr std::size_t kRemote = 1;

// The weights of one zone of a group, and which part of all requests it gets.
struct Level {
  double usable = 0;
  double all = 0;
  double part = 0;
};

using Levels = std::array<std::array<Level, 2>, kGroups>;  // by group, then kLocal or kRemote

std::uint32_t weight_of(const ServerState& server) {
  return std::min(server.weight, kBalanceWeightMax);
}

std::size_t group_of(const ServerState& server) {
  return std::min(server.group, kBackupGroup);
}

Levels weigh(std::span<const ServerState> servers) {
  Levels levels{};
  for (const ServerState& server : servers) {
    Level& level = levels[group_of(server)][server.is_local ? kLocal : kRemote];
    level.all += weight_of(server);
    if (server.usable) level.usable += weight_of(server);
  }
  return levels;
}

// How much of what comes to it a level can take: all of it down to `spill_percent` usable.
double part_kept(double usable, double all, std::uint32_t spill_percent) {
  if (usable == 0) return 0;
  if (spill_percent == 0) return 1;
  return std::min(1.0, usable / all * 100 / spill_percent);
}

void split_group(std::array<Level, 2>& group, double part, const TurnRules& rules) {
  Level& local = group[kLocal];
  Level& remote = group[kRemote];
  const double kept =
      remote.usable == 0 ? 1 : part_kept(local.usable, local.all, rules.zone_spill_percent);
  local.part = part * kept;
  remote.part = part * (1 - kept);
}

// Each group takes what it can of what those before it have left. What is left after the last is
// spread as the rest was.
void split(Levels& levels, const TurnRules& rules) {
  double left = 1;
  for (std::array<Level, 2>& group : levels) {
    const double usable = group[kLocal].usable + group[kRemote].usable;
    const double all = group[kLocal].all + group[kRemote].all;
    const double part = std::min(left, part_kept(usable, all, rules.priority_spill_percent));
    split_group(group, part, rules);
    left -= part;
    if (left <= 0) break;
  }
}

bool is_panic(std::span<const ServerState> servers, std::uint32_t panic_percent) {
  if (panic_percent == 0) return false;
  std::size_t usable = 0;
  std::size_t ready = 0;
  for (const ServerState& server : servers) {
    if (server.weight == 0) continue;
    if (server.usable) ++usable;
    if (server.usable || server.usable_in_panic) ++ready;
  }
  return usable * 100 < panic_percent * ready;
}

void use_all(std::span<const ServerState> servers, TurnPlan& plan) {
  plan.panics = true;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (!servers[i].usable && !servers[i].usable_in_panic) continue;
    plan.shares[i] = weight_of(servers[i]) * TurnPlan::kUnitsPerWeight;
  }
  plan.group = 0;
}

}  // namespace

void plan_turn(std::span<const ServerState> servers, const TurnRules& rules, TurnPlan& plan) {
  plan.shares.assign(servers.size(), 0);
  plan.group = TurnPlan::kNoGroup;
  plan.panics = false;
  if (is_panic(servers, rules.panic_percent)) return use_all(servers, plan);

  Levels levels = weigh(servers);
  split(levels, rules);
  double densest = 0;  // the most requests for a unit of weight
  for (const std::array<Level, 2>& group : levels) {
    for (const Level& level : group)
      if (level.part > 0) densest = std::max(densest, level.part / level.usable);
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const ServerState& server = servers[i];
    const Level& level = levels[group_of(server)][server.is_local ? kLocal : kRemote];
    if (!server.usable || server.weight == 0 || level.part <= 0) continue;
    const double scale = level.part / level.usable / densest;
    const double share = weight_of(server) * double{TurnPlan::kUnitsPerWeight} * scale;
    plan.shares[i] = std::max(1U, static_cast<std::uint32_t>(std::lround(share)));
    plan.group = std::min(plan.group, static_cast<unsigned>(group_of(server)));
  }
}

}  // namespace ravelin::gateway
