// The weights that follow the load, against servers as queueing theory has them: they settle, do
// not swing, and mind errors and hanging servers.
#include "gateway/balance/load_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace ravelin::gateway {
namespace {

// Servers with queues (M/M/1): the nearer to its limit, the slower. Shares as the weights say.
class Plant {
 public:
  Plant(std::vector<double> limits, double load)
      : limits_(std::move(limits)), load_(load), weights_({}, limits_.size()) {}

  // One interval of a second. Returns each server's share of the requests.
  std::vector<double> step() {
    std::vector<double> shares;
    double sum = 0;
    for (std::size_t i = 0; i < limits_.size(); ++i)
      sum += weights_.factor(i);
    std::vector<LoadSample> samples;
    for (std::size_t i = 0; i < limits_.size(); ++i) {
      shares.push_back(weights_.factor(i) / sum);
      samples.push_back(sample(i, load_ * shares.back()));
    }
    weights_.observe(samples);
    return shares;
  }

  void slow_down(std::size_t server, double times) { limits_[server] /= times; }

  void fail(std::size_t server, double share) { failing_[server] = share; }

  [[nodiscard]] double factor(std::size_t server) const { return weights_.factor(server); }

 private:
  LoadSample sample(std::size_t server, double rate) {
    const double spare = std::max(limits_[server] - rate, limits_[server] * 0.02);
    const double served = std::min(rate, limits_[server]);
    const double noise = std::uniform_real_distribution<>(0.9, 1.1)(random_);
    const double latency = noise / spare;
    return {.answered = static_cast<std::uint64_t>(served),
            .latency_s = latency,
            .attempts = 1'000,
            .errors = static_cast<std::uint64_t>(1'000 * failing_[server]),
            .stuck = static_cast<std::uint64_t>(std::max(served * (latency - 1), 0.0)),
            .waiting = static_cast<std::uint64_t>(served * latency)};
  }

  std::vector<double> limits_;
  double load_;
  LoadWeights weights_;
  std::array<double, 16> failing_{};
  std::mt19937 random_{7};
};

struct SlowCase {
  const char* name;
  double load;  // requests a second; each server can do 1,000 of them
  double times;
};

class Slowed : public testing::TestWithParam<SlowCase> {};

TEST_P(Slowed, ShareSettlesIn15SecondsAndStays) {
  Plant plant({1'000, 1'000, 1'000}, GetParam().load);
  for (int i = 0; i < 30; ++i)
    plant.step();
  plant.slow_down(0, GetParam().times);
  std::vector<double> shares;
  for (int i = 0; i < 75; ++i)
    shares.push_back(plant.step()[0]);
  const std::span settled = std::span(shares).subspan(15);
  double mean = 0;
  for (const double share : settled)
    mean += share / static_cast<double>(settled.size());
  double variance = 0;
  for (const double share : settled)
    variance += (share - mean) * (share - mean) / static_cast<double>(settled.size());
  EXPECT_LT(mean, 0.25);  // it was a third
  EXPECT_NEAR(shares[15], mean, mean * 0.15);
  EXPECT_LT(std::sqrt(variance), mean * 0.10);
}

INSTANTIATE_TEST_SUITE_P(LoadWeights, Slowed,
                         testing::Values(SlowCase{"LightLoad", 300, 4},
                                         SlowCase{"HalfLoad", 1'000, 4},
                                         SlowCase{"HeavyLoad", 1'800, 4},
                                         SlowCase{"NearTheLimit", 2'100, 4},
                                         SlowCase{"TwiceAsSlow", 1'500, 2}),
                         [](const auto& row) { return row.param.name; });

TEST(LoadWeights, EqualServersKeepEqualWeights) {
  Plant plant({1'000, 1'000, 1'000, 1'000}, 2'000);
  for (int i = 0; i < 60; ++i) {
    for (const double share : plant.step())
      EXPECT_NEAR(share, 0.25, 0.03) << i;
  }
}

TEST(LoadWeights, AServerThatRecoversHasItsShareAgain) {
  Plant plant({1'000, 1'000, 1'000}, 1'000);
  plant.slow_down(2, 4);
  for (int i = 0; i < 30; ++i)
    plant.step();
  EXPECT_LT(plant.factor(2), 0.4);
  plant.slow_down(2, 0.25);
  double share = 0;
  for (int i = 0; i < 20; ++i)
    share = plant.step()[2];
  EXPECT_NEAR(share, 1.0 / 3, 0.04);
}

TEST(LoadWeights, ServerThatOnlyFailsQuicklyDrawsNoLoad) {
  Plant plant({1'000, 10'000}, 500);
  plant.fail(1, 1.0);
  for (int i = 0; i < 30; ++i)
    plant.step();
  EXPECT_LT(plant.factor(1), 0.15);
  EXPECT_NEAR(plant.factor(0), 1.0, 0.05);
}

TEST(LoadWeights, ServerThatHangsIsNoticedByWhatWaits) {
  LoadWeights weights({}, 2);
  for (std::uint64_t stuck = 20; stuck <= 200; stuck += 20) {
    const LoadSample samples[] = {{.answered = 100, .latency_s = 0.01},
                                  {.answered = 0, .stuck = stuck, .waiting = stuck}};
    weights.observe(samples);
  }
  EXPECT_LT(weights.factor(1), 0.15);
}

// Answers that waited in a long queue come late: by then the queue may be gone.
TEST(LoadWeights, DrainedQueueIsNoSlowServer) {
  LoadWeights weights({}, 2);
  for (int i = 0; i < 4; ++i) {
    const LoadSample samples[] = {{.answered = 100, .latency_s = 0.02, .waiting = 2},
                                  {.answered = 100, .latency_s = 1.0, .waiting = 2}};
    weights.observe(samples);
  }
  EXPECT_LT(weights.cost_s(1), 0.1);
}

TEST(LoadWeights, StayWithinTheBounds) {
  LoadWeights weights({.factor_min = 0.25}, 2);
  for (int i = 0; i < 100; ++i) {
    const LoadSample samples[] = {{.answered = 1'000, .latency_s = 0.001},
                                  {.answered = 1'000, .latency_s = 10, .waiting = 10'000}};
    weights.observe(samples);
  }
  EXPECT_NEAR(weights.factor(1), 0.25, 0.01);
  EXPECT_NEAR(weights.factor(0), 1.0, 0.01);
}

TEST(LoadWeights, WithoutTrafficAFactorFadesTowardsOne) {
  LoadWeights weights({}, 2);
  weights.start_from(0, 0.2);
  weights.start_from(1, 7.0);
  EXPECT_NEAR(weights.factor(0), 0.2, 1e-9);
  EXPECT_NEAR(weights.factor(1), 1.0, 1e-9);
  const LoadSample nothing[2];
  for (int i = 0; i < 300; ++i)
    weights.observe(nothing);
  EXPECT_GT(weights.factor(0), 0.95);
}

// A backup that answered quickly while it was needed is no measure for those that work now.
TEST(LoadWeights, AnIdleServerIsNoMeasureForTheOthers) {
  LoadWeights weights({}, 3);
  const LoadSample failover[] = {
      {.in_turn = false}, {.in_turn = false}, {.answered = 100, .latency_s = 0.002, .waiting = 1}};
  for (int i = 0; i < 10; ++i)
    weights.observe(failover);
  const LoadSample usual[] = {{.answered = 100, .latency_s = 0.020, .waiting = 2},
                              {.answered = 100, .latency_s = 0.060, .waiting = 6},
                              {}};
  for (int i = 0; i < 30; ++i)
    weights.observe(usual);
  EXPECT_NEAR(weights.factor(0), 1.0, 0.05);
  EXPECT_NEAR(weights.factor(1), 1.0 / 3, 0.05);
}

// One that is asked now and then is one still: here once in eight intervals, of 14 requests.
TEST(LoadWeights, AServerThatIsAskedNowAndThenIsAMeasure) {
  LoadWeights weights({}, 2);
  for (int i = 0; i < 200; ++i) {
    const LoadSample slow{.answered = 2, .latency_s = 0.020, .waiting = 1};
    const LoadSample quick{.answered = 1, .latency_s = 0.010};
    const LoadSample samples[] = {slow, i % 8 == 0 ? quick : LoadSample{}};
    weights.observe(samples);
  }
  EXPECT_NEAR(weights.factor(0), 0.5, 0.05);
}

TEST(LoadWeights, ServersOutOfTurnAreLeftAlone) {
  LoadWeights weights({}, 2);
  weights.start_from(1, 0.5);
  const LoadSample samples[] = {{.answered = 100, .latency_s = 0.5, .waiting = 50},
                                {.answered = 100, .latency_s = 0.001, .in_turn = false}};
  for (int i = 0; i < 20; ++i)
    weights.observe(samples);
  EXPECT_NEAR(weights.factor(0), 1.0, 1e-9);
  EXPECT_NEAR(weights.factor(1), 0.5, 1e-9);
}

}  // namespace
}  // namespace ravelin::gateway
