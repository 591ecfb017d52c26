// The controller of adaptive weights before simulated servers whose queues remember: what
// `scripts/bench adaptive` measures with real ones. Seeds are fixed, so the numbers are too.
#include "bench/simulator/simulator.h"
#include "gateway/balance/load_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

namespace ravelin::simulator {
namespace {

using gateway::LoadSample;
using gateway::LoadWeights;

constexpr std::size_t kSlowedAt = 10;  // seconds
constexpr std::size_t kSettledAt = 25;
constexpr std::size_t kEnd = 85;

// As the gateway's control thread feeds it, once a second.
class Controller {
 public:
  explicit Controller(std::size_t servers) : weights_({}, servers), waiting_(servers) {}

  void operator()(double /*now_ms*/, std::span<const ServerWindow> windows,
                  std::span<std::uint32_t> weights) {
    std::vector<LoadSample> samples;
    for (std::size_t i = 0; i < windows.size(); ++i) {
      const ServerWindow& window = windows[i];
      const std::uint64_t before = std::exchange(waiting_[i], window.in_flight);
      samples.push_back({.answered = window.completed,
                         .latency_s = window.latency_ms_mean() / 1'000,
                         .attempts = window.completed,
                         .stuck = before - std::min(before, window.completed),
                         .waiting = window.in_flight});
    }
    weights_.observe(samples);
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] = static_cast<std::uint32_t>(std::lround(100 * weights_.factor(i)));
  }

 private:
  LoadWeights weights_;
  std::vector<std::uint64_t> waiting_;
};

struct LoadCase {
  const char* name;
  double requests_per_s;
  double times;
  Spread spread;
};

// Three servers that can do 333 requests a second each; the first becomes slower. An open loop: the
// more waits there, the more of the 192 connections are stuck, and requests are overdue.
std::vector<double> shares_by_second(const LoadCase& load, std::uint64_t seed) {
  Scenario scenario;
  for (int i = 0; i < 3; ++i) {
    scenario.servers.push_back(
        {.name = std::to_string(i), .weight = 100, .service_ms = 12, .spread = load.spread});
  }
  scenario.changes = {{1'000.0 * kSlowedAt, 0, Change::What::speed, 1 / load.times}};
  scenario.clients = 192;
  scenario.requests_per_s = load.requests_per_s;
  scenario.workers = 1;
  scenario.duration_ms = 1'000.0 * kEnd;
  scenario.sample_every_ms = 1'000;
  scenario.control_every_ms = 1'000;
  scenario.seed = seed;
  scenario.controller = Controller(3);
  std::vector<double> shares;
  for (const auto& second : simulate(scenario).timeline) {
    double all = 0;
    for (const SimulationResult::Sample& sample : second)
      all += static_cast<double>(sample.completed);
    shares.push_back(static_cast<double>(second[0].completed) / all);
  }
  return shares;
}

class AdaptiveWeights : public testing::TestWithParam<LoadCase> {};

// The share of a single second of some 60 answers is itself a draw: each seed may miss the mark by
// chance, their mean must not.
TEST_P(AdaptiveWeights, ShareSettlesIn15SecondsAndStays) {
  constexpr int kSeeds = 20;
  double error = 0;
  double deviation = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<double> shares = shares_by_second(GetParam(), seed);
    ASSERT_GE(shares.size(), kEnd - 1);
    const std::span settled = std::span(shares).subspan(kSettledAt);
    const auto count = static_cast<double>(settled.size());
    const double mean = std::accumulate(settled.begin(), settled.end(), 0.0) / count;
    const double squares = std::inner_product(settled.begin(), settled.end(), settled.begin(), 0.0);
    EXPECT_LT(mean, 0.28);
    error += std::abs(shares[kSettledAt] / mean - 1) / kSeeds;
    deviation += std::sqrt(std::max(0.0, squares / count - mean * mean)) / mean / kSeeds;
  }
  EXPECT_LT(error, 0.10);
  EXPECT_LT(deviation, 0.10);
}

INSTANTIATE_TEST_SUITE_P(LoadWeights, AdaptiveWeights,
                         testing::Values(LoadCase{"LightLoad", 300, 4, Spread::exponential},
                                         LoadCase{"Overrun", 600, 4, Spread::exponential},
                                         LoadCase{"OverrunOfEvenRequests", 600, 4, Spread::fixed},
                                         LoadCase{"TwiceAsSlow", 600, 2, Spread::exponential}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ravelin::simulator
