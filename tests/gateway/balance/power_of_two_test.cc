#include "gateway/balance/power_of_two.h"

#include "gateway/balance/balancer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace ravelin::gateway {
namespace {

struct ChoiceLoad {
  std::vector<std::uint32_t> loads;
  std::vector<bool> full = std::vector<bool>(loads.size());

  [[nodiscard]] bool has_room(std::size_t server) const { return !full[server]; }

  [[nodiscard]] std::uint32_t in_flight(std::size_t server) const { return loads[server]; }
};

std::vector<ServerState> choice_states(const std::vector<std::uint32_t>& weights) {
  std::vector<ServerState> states;
  for (const std::uint32_t weight : weights)
    states.push_back({.weight = weight, .usable = true});
  return states;
}

// Each count is within five standard deviations of its binomial: with a right sampler a wrong
// verdict would be one in a million, and the seeds are fixed.
void expect_by_weight(const std::vector<int>& got, const std::vector<std::uint32_t>& weights) {
  const double picks = std::accumulate(got.begin(), got.end(), 0.0);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double share = weights[i] / total;
    EXPECT_NEAR(got[i], picks * share, 5 * std::sqrt(picks * share * (1 - share)) + 0.5)
        << "server " << i << " of weight " << weights[i];
  }
}

TEST(PowerOfTwo, DrawsByWeight) {
  const std::vector<std::vector<std::uint32_t>> cases{{1},
                                                      {1, 1},
                                                      {3, 1},
                                                      {5, 1, 1},
                                                      {256, 1, 1},
                                                      {0, 7, 0, 2},
                                                      {65'535, 300, 1, 20'000},
                                                      std::vector<std::uint32_t>(1'000, 9)};
  for (const auto& weights : cases) {
    TurnPlan plan;
    plan_turn(choice_states(weights), {}, plan);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      PowerOfTwo two(seed);
      two.update(plan);
      std::vector<int> got(weights.size());
      for (int i = 0; i < 200'000; ++i)
        ++got[two.draw()];
      expect_by_weight(got, weights);
    }
  }
}

TEST(PowerOfTwo, IsFairByWeightWhileNobodyIsLoaded) {
  const std::vector<std::uint32_t> weights{5, 3, 1, 1};
  Balancer balancer(Balance::power_of_two, 7);
  balancer.update(choice_states(weights));
  const ChoiceLoad idle{.loads = {0, 0, 0, 0}};
  std::vector<int> got(weights.size());
  for (int i = 0; i < 100'000; ++i)
    ++got[balancer.pick(idle)];
  expect_by_weight(got, weights);
}

// Both are drawn nearly always: a draw that gives the same one again is repeated a few times.
TEST(PowerOfTwo, TakesTheLessLoadedForItsWeightOfTwo) {
  Balancer balancer(Balance::power_of_two, 0);
  balancer.update(choice_states({1, 2}));
  int second = 0;
  int first = 0;
  for (int i = 0; i < 1'000; ++i) {
    second += balancer.pick(ChoiceLoad{.loads = {2, 3}}) == 1 ? 1 : 0;
    first += balancer.pick(ChoiceLoad{.loads = {2, 5}}) == 0 ? 1 : 0;
  }
  EXPECT_GT(second, 990);
  EXPECT_GT(first, 940);
}

TEST(PowerOfTwo, NeverTakesTheMostLoaded) {
  Balancer balancer(Balance::power_of_two, 0);
  balancer.update(choice_states({1, 1, 1, 1}));
  const ChoiceLoad load{.loads = {3, 9, 3, 4}};
  for (int i = 0; i < 10'000; ++i)
    ASSERT_NE(balancer.pick(load), 1U);
}

TEST(PowerOfTwo, FindsTheOneWithRoomAmongManyFull) {
  Balancer balancer(Balance::power_of_two, 0);
  balancer.update(choice_states(std::vector<std::uint32_t>(500, 1)));
  ChoiceLoad load{.loads = std::vector<std::uint32_t>(500, 8),
                  .full = std::vector<bool>(500, true)};
  EXPECT_EQ(balancer.pick(load), Balancer::kNone);
  load.full[321] = false;
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(balancer.pick(load), 321U);
}

TEST(PowerOfTwo, PrefersServersNotTried) {
  Balancer balancer(Balance::power_of_two, 0);
  balancer.update(choice_states({100, 1}));
  const ChoiceLoad load{.loads = {0, 50}};
  TriedSet tried;
  tried.add(0);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(balancer.pick(load, tried), 1U);
  tried.add(1);
  EXPECT_EQ(balancer.pick(load, tried), 0U) << "all tried";
}

TEST(PowerOfTwo, WithoutServersPicksNone) {
  Balancer balancer(Balance::power_of_two, 0);
  const ChoiceLoad load{.loads = {0}};
  EXPECT_EQ(balancer.pick(load), Balancer::kNone);
  balancer.update(choice_states({0}));
  EXPECT_EQ(balancer.pick(load), Balancer::kNone);
}

TEST(PowerOfTwo, IsTheSameForTheSameSeedAndOtherwiseNot) {
  const ChoiceLoad load{.loads = {0, 0, 0, 0}};
  const auto picks_from = [&load](std::uint32_t start) {
    Balancer balancer(Balance::power_of_two, start);
    balancer.update(choice_states({1, 1, 1, 1}));
    std::vector<std::size_t> picks;
    for (int i = 0; i < 50; ++i)
      picks.push_back(balancer.pick(load));
    return picks;
  };
  EXPECT_EQ(picks_from(1), picks_from(1));
  EXPECT_NE(picks_from(1), picks_from(2));
}

}  // namespace
}  // namespace ravelin::gateway
