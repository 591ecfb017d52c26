// What the firewall does, as Prometheus text. Sets are never listed for it. Pure; any thread.
#pragma once

#include "firewall/control/feed_table.h"
#include "firewall/control/keeper.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct AgentState {
  const Keeper& keeper;
  std::vector<FeedTable::Status> feeds;
  std::uint64_t heals = 0;
  sys_seconds now{};
};

// Series of single rules stop at kRulesMax, the busiest; the rest stands under "other".
inline constexpr std::size_t kRuleSeriesMax = 1000;
std::string metrics_text(const AgentState& state, const std::optional<LiveTable>& table);

}  // namespace ravelin::firewall
