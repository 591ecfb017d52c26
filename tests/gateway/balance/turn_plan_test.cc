#include "gateway/balance/turn_plan.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

constexpr std::uint32_t kUnit = TurnPlan::kUnitsPerWeight;

ServerState up(std::uint32_t weight, std::uint8_t group = 0) {
  return {.weight = weight, .usable = true, .usable_in_panic = true, .group = group};
}

ServerState down(std::uint32_t weight, std::uint8_t group = 0) {
  return {.weight = weight, .usable = false, .usable_in_panic = true, .group = group};
}

ServerState drained(std::uint32_t weight, std::uint8_t group = 0) {
  return {.weight = weight, .usable = false, .usable_in_panic = false, .group = group};
}

ServerState far(ServerState server) {
  server.is_local = false;
  return server;
}

// What each server gets of 100 requests.
std::vector<int> percents(const TurnPlan& plan) {
  const double total = std::accumulate(plan.shares.begin(), plan.shares.end(), 0.0);
  std::vector<int> all;
  for (const std::uint32_t share : plan.shares)
    all.push_back(total == 0 ? 0 : static_cast<int>(share * 100 / total + 0.5));
  return all;
}

struct PlanCase {
  const char* name;
  std::vector<ServerState> servers;
  TurnRules rules;
  std::vector<int> percents;
  unsigned group = 0;
};

void expect_plans(const std::vector<PlanCase>& cases) {
  for (const PlanCase& row : cases) {
    TurnPlan plan;
    plan_turn(row.servers, row.rules, plan);
    EXPECT_EQ(percents(plan), row.percents) << row.name;
    EXPECT_EQ(plan.group, row.group) << row.name;
    EXPECT_FALSE(plan.panics) << row.name;
  }
}

TEST(TurnPlan, AShareIsTheWeightWhileOneGroupHasAll) {
  TurnPlan plan;
  plan_turn(std::vector{up(5), up(1), up(0), down(7), up(3, kBackupGroup), up(100'000)}, {}, plan);
  EXPECT_EQ(plan.shares, (std::vector{5 * kUnit, kUnit, 0U, 0U, 0U, kBalanceWeightMax * kUnit}));
}

TEST(TurnPlan, PrioritiesAsATable) {
  const TurnRules half{.priority_spill_percent = 50};
  const TurnRules most{.priority_spill_percent = 80};
  expect_plans({
      {"FirstGroupHasAll", {up(1), up(3), up(9, 1)}, {}, {25, 75, 0}},
      {"OneOfManyIsEnough", {up(1), down(99), up(9, 1)}, {}, {100, 0, 0}},
      {"NextOnlyWhenNoneIsUsable", {down(1), down(3), up(9, 1), up(9, 2)}, {}, {0, 0, 100, 0}, 1},
      {"WeightZeroIsNotUsable", {up(0), up(1, 3)}, {}, {0, 100}, 3},
      {"BackupIsAfterEveryPriority",
       {down(1), up(1, 15), up(1, kBackupGroup)},
       {},
       {0, 100, 0},
       15},
      {"BackupAtLast", {down(1), down(1, 15), up(1, kBackupGroup)}, {}, {0, 0, 100}, kBackupGroup},
      {"NobodyIsUsable", {down(1), down(1, 1)}, {}, {0, 0}, TurnPlan::kNoGroup},
      {"NoServers", {}, {}, {}, TurnPlan::kNoGroup},
      {"SpillsNothingAtTheThreshold", {up(1), down(1), up(5, 1)}, half, {100, 0, 0}},
      {"SpillsWhatIsMissing", {up(1), down(3), up(5, 1)}, half, {50, 0, 50}},
      {"DrainedCountsAsMissing", {up(1), drained(3), up(5, 1)}, half, {50, 0, 50}},
      {"SpillsOnAndOn", {up(2), down(8), up(4, 1), down(6, 1), up(1, 2)}, most, {25, 0, 50, 0, 25}},
      {"TheRestIsSpreadAlike", {up(2), down(8), up(1, 1), down(9, 1)}, most, {67, 0, 33, 0}},
  });
}

TEST(TurnPlan, ZonesAsATable) {
  const TurnRules strict{.zone_spill_percent = 0};
  const TurnRules never_below{.zone_spill_percent = 100};
  expect_plans({
      {"OwnZoneHasAll", {up(1), up(1), far(up(8))}, {}, {50, 50, 0}},
      {"ThreeQuartersAreEnough", {up(3), down(1), far(up(8))}, {}, {100, 0, 0}},
      {"SpillsWhatIsMissing", {up(35), down(65), far(up(1)), far(up(3))}, {}, {50, 0, 13, 38}},
      {"SpillsFromTheFirstOn", {up(3), down(1), far(up(8))}, never_below, {75, 0, 25}},
      {"StrictUntilNoneIsUsable", {up(1), down(99), far(up(8))}, strict, {100, 0, 0}},
      {"AllAbroadWhenNoneIsUsable", {down(1), far(up(1)), far(up(3))}, {}, {0, 25, 75}},
      {"NobodyAbroadTakesNothing", {up(1), down(9), far(down(8))}, {}, {100, 0, 0}},
      {"NoneIsInThisZone", {far(up(1)), far(up(1))}, {}, {50, 50}},
      {"ZoneIsWithinAGroup", {far(up(1)), up(1, 1)}, {}, {100, 0}},
      {"EachGroupHasItsZones",
       {down(1), up(7, 1), down(7, 1), far(up(1, 1))},
       {},
       {0, 71, 0, 29},
       1},
  });
}

struct PanicCase {
  const char* name;
  std::vector<ServerState> servers;
  std::uint32_t panic_percent;
  bool panics;
  std::vector<int> percents;
};

TEST(TurnPlan, PanicAsATable) {
  const PanicCase cases[] = {
      {"OffByDefault", {up(1), down(1), down(1)}, 0, false, {100, 0, 0}},
      {"AtTheThreshold", {up(1), down(1)}, 50, false, {100, 0}},
      {"BelowTheThreshold", {up(1), down(1), down(2)}, 50, true, {25, 25, 50}},
      {"NoneIsHealthy", {down(1), down(1)}, 1, true, {50, 50}},
      {"DrainedIsNotUsedAndNotCounted", {up(1), drained(1), drained(1)}, 60, false, {100, 0, 0}},
      {"DrainedIsNotUsedInPanic", {up(1), down(1), down(1), drained(1)}, 50, true, {33, 33, 33, 0}},
      {"WeightZeroIsNotUsed", {down(1), up(0)}, 50, true, {100, 0}},
      {"EveryGroupIsUsed", {down(1), down(1), up(2, kBackupGroup)}, 50, true, {25, 25, 50}},
      {"EveryZoneIsUsed", {down(1), down(1), far(up(2))}, 50, true, {25, 25, 50}},
      {"NothingLeft", {drained(1), drained(1)}, 50, false, {0, 0}},
  };
  for (const PanicCase& row : cases) {
    TurnPlan plan;
    plan_turn(row.servers, {.panic_percent = row.panic_percent}, plan);
    EXPECT_EQ(plan.panics, row.panics) << row.name;
    EXPECT_EQ(percents(plan), row.percents) << row.name;
  }
}

}  // namespace
}  // namespace ravelin::gateway
