// What docs/balancing.md claims, each claim in the scenario it is plotted from. Seeds are fixed:
// the numbers are the same everywhere; three seeds show that they are no accident.
#include "bench/simulator/scenarios.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

namespace ravelin::simulator {
namespace {

using gateway::Balance;

constexpr std::uint64_t kSeeds[] = {1, 2, 3};

SimulationResult run(Scenario scenario, std::uint64_t seed) {
  scenario.seed = seed;
  return simulate(scenario);
}

// Part of the completed requests of [from_ms, to_ms) that one server had.
double share_within(const SimulationResult& result, std::size_t server, std::size_t from_ms,
                    std::size_t to_ms) {
  double own = 0;
  double all = 0;
  for (std::size_t at = from_ms / 100; at < to_ms / 100; ++at) {
    for (std::size_t i = 0; i < result.timeline[at].size(); ++i) {
      const auto completed = static_cast<double>(result.timeline[at][i].completed);
      all += completed;
      if (i == server) own += completed;
    }
  }
  return own / all;
}

double mean_in_flight(const SimulationResult& result, std::size_t server, std::size_t from_ms,
                      std::size_t to_ms) {
  double sum = 0;
  for (std::size_t at = from_ms / 100; at < to_ms / 100; ++at)
    sum += result.timeline[at][server].in_flight;
  return sum / static_cast<double>(to_ms / 100 - from_ms / 100);
}

// Round robin gives shares by weight to a part in a thousand, whatever the servers can do; the
// others give the faster ones more than their weight says only as far as load asks for it.
TEST(BalancingClaims, RoundRobinIsFairByWeightAlone) {
  for (const std::uint64_t seed : kSeeds) {
    const SimulationResult result = run(weighted_servers(Balance::round_robin), seed);
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(result.share(i), 0.1 * static_cast<double>(i + 1), 0.001);
  }
}

// The same weights, the rest by load: no server is more than a twentieth of all from its share.
TEST(BalancingClaims, ByLoadIsNearTheWeights) {
  for (const Balance balance : {Balance::least_requests, Balance::power_of_two, Balance::hash}) {
    for (const std::uint64_t seed : kSeeds) {
      const SimulationResult result = run(weighted_servers(balance), seed);
      for (std::size_t i = 0; i < 4; ++i)
        EXPECT_NEAR(result.share(i), 0.1 * static_cast<double>(i + 1), 0.05);
    }
  }
}

// One server of five is three times as slow: round robin lets everybody wait for it.
TEST(BalancingClaims, ASlowServerRuinsTheTailOfRoundRobinAlone) {
  for (const std::uint64_t seed : kSeeds) {
    const double turn = run(slow_server(Balance::round_robin), seed).latency_ms(0.99);
    const double least = run(slow_server(Balance::least_requests), seed).latency_ms(0.99);
    const double two = run(slow_server(Balance::power_of_two), seed).latency_ms(0.99);
    const double hash = run(slow_server(Balance::hash), seed).latency_ms(0.99);
    EXPECT_GT(turn, 4 * least);
    EXPECT_GT(turn, 3.5 * two);
    EXPECT_GT(turn, 3 * hash);
    EXPECT_LT(two, 1.25 * least) << "two choices are nearly as good as all";
  }
}

// And lets it take throughput from all: closed-loop clients stand in its line.
TEST(BalancingClaims, ASlowServerCostsRoundRobinAThirdOfTheThroughput) {
  for (const std::uint64_t seed : kSeeds) {
    const Scenario turn = slow_server(Balance::round_robin);
    const Scenario two = slow_server(Balance::power_of_two);
    EXPECT_LT(run(turn, seed).requests_per_s(turn), 0.67 * run(two, seed).requests_per_s(two));
  }
}

// A server that becomes slow loses requests within a second, and has them back within a second.
TEST(BalancingClaims, ByLoadFollowsAServerThatChanges) {
  for (const Balance balance : {Balance::least_requests, Balance::power_of_two}) {
    for (const std::uint64_t seed : kSeeds) {
      const SimulationResult result = run(changing_server(balance), seed);
      EXPECT_NEAR(share_within(result, 4, 2'000, 4'000), 0.2, 0.03);
      EXPECT_LT(share_within(result, 4, 5'000, 8'000), 0.12);
      EXPECT_NEAR(share_within(result, 4, 9'000, 12'000), 0.2, 0.03);
      EXPECT_LT(mean_in_flight(result, 4, 5'000, 8'000), 10);
    }
  }
  const SimulationResult turn = run(changing_server(Balance::round_robin), 1);
  EXPECT_GT(mean_in_flight(turn, 4, 5'000, 8'000), 30) << "more than half of the 60 clients";
}

// A server that was down has its share at once and no burst: nobody is owed what was missed.
TEST(BalancingClaims, AServerThatReturnsGetsItsShareAndNoBurst) {
  for (const Algorithm& algorithm : kAlgorithms) {
    for (const std::uint64_t seed : kSeeds) {
      const SimulationResult result = run(leaving_server(algorithm.balance), seed);
      EXPECT_EQ(share_within(result, 4, 4'400, 7'000), 0) << algorithm.name;
      EXPECT_NEAR(share_within(result, 4, 7'100, 7'600), 0.2, 0.06) << algorithm.name;
      EXPECT_NEAR(share_within(result, 4, 7'600, 10'000), 0.2, 0.03) << algorithm.name;
      double most = 0;
      for (std::size_t at = 70; at < 75; ++at)
        most = std::max(most, double{1} * result.timeline[at][4].in_flight);
      EXPECT_LE(most, 13) << algorithm.name;
      EXPECT_EQ(result.refused, 0U);
    }
  }
}

// Nothing swings: in steady state the load of a server varies as chance has it. The number in
// flight on a server of a random spread would have a deviation of about 1 / sqrt(mean) = 0.6.
TEST(BalancingClaims, NothingOscillates) {
  for (const Algorithm& algorithm : kAlgorithms) {
    Scenario scenario = changing_server(algorithm.balance);
    scenario.changes.clear();
    for (const std::uint64_t seed : kSeeds) {
      const SimulationResult result = run(scenario, seed);
      for (std::size_t i = 0; i < 5; ++i)
        EXPECT_LT(result.restlessness(i, scenario), 1.0) << algorithm.name;
    }
    const SimulationResult result = run(scenario, 1);
    if (algorithm.balance == Balance::round_robin) continue;
    for (std::size_t i = 0; i < 5; ++i)
      EXPECT_LT(result.restlessness(i, scenario), 0.75) << algorithm.name;
  }
}

// The bound of the paper, in every state the simulation went through.
TEST(BalancingClaims, HashHoldsItsBound) {
  for (const std::uint32_t percent : {105U, 125U, 200U}) {
    for (const std::uint64_t seed : kSeeds) {
      const SimulationResult result = run(hot_keys(percent), seed);
      EXPECT_LE(result.bound_used_most, 1.0) << percent;
      EXPECT_GT(result.bound_used_most, 0.99) << "the bound was needed";
      EXPECT_EQ(result.refused, 0U);
    }
  }
}

// Hot keys without a bound: one server has a fifth of all requests and clients wait for it.
TEST(BalancingClaims, TheBoundKeepsHotKeysFromRuiningTheTail) {
  for (const std::uint64_t seed : kSeeds) {
    const double free = run(hot_keys(0), seed).latency_ms(0.99);
    const double bounded = run(hot_keys(125), seed).latency_ms(0.99);
    EXPECT_GT(free, 4 * bounded);
  }
}

}  // namespace
}  // namespace ravelin::simulator
