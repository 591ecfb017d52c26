// Outliers: the sick server is found and the good ones never are, whatever all suffer from.
#include "gateway/balance/outliers.h"

#include <gmock/gmock.h>

#include <random>

namespace ravelin::gateway {
namespace {

using testing::HasSubstr;

struct Illness {
  double errors = 0;  // share
  double hangs = 0;   // share of requests that are answered after `timeout_s` only, with an error
  double slower = 1;  // times
};

// Servers with chance in them: errors by a coin, latencies around 20 ms.
class OutlierPlant {
 public:
  OutlierPlant(std::vector<Illness> servers, std::uint64_t rate, const OutlierRules& rules)
      : servers_(std::move(servers)), rate_(rate), outliers_(rules, servers_.size()) {}

  // One interval of a second.
  std::optional<Outlier> step() {
    std::vector<LoadSample> samples;
    for (const Illness& illness : servers_)
      samples.push_back(sample(illness));
    return outliers_.observe(samples);
  }

  void heal(std::size_t server) { servers_[server] = {}; }

 private:
  LoadSample sample(const Illness& illness) {
    std::binomial_distribution<std::uint64_t> failed(rate_, illness.errors + illness.hangs);
    std::uniform_real_distribution<> noise(0.7, 1.3);
    return {.answered = rate_,
            .latency_s = 0.02 * illness.slower * noise(random_),
            .attempts = rate_,
            .errors = failed(random_)};
  }

  std::vector<Illness> servers_;
  std::uint64_t rate_;
  Outliers outliers_;
  std::mt19937 random_{11};
};

constexpr OutlierRules kBoth{.error_excess = 0.005, .latency_factor = 4};

struct SickCase {
  const char* name;
  Illness illness;
  std::uint64_t rate;  // requests a second to each server
  int seconds_max;     // until it is out
};

class Sick : public testing::TestWithParam<SickCase> {};

TEST_P(Sick, ServerIsFoundInTimeAndNoOther) {
  OutlierPlant plant({{}, {}, GetParam().illness, {}}, GetParam().rate, kBoth);
  for (int second = 1; second <= GetParam().seconds_max; ++second) {
    const auto found = plant.step();
    if (!found) continue;
    EXPECT_EQ(found->server, 2U);
    return;
  }
  FAIL() << "not found within " << GetParam().seconds_max << " s";
}

INSTANTIATE_TEST_SUITE_P(
    Outliers, Sick,
    testing::Values(SickCase{"FivePercentErrors", {.errors = 0.05}, 100, 10},
                    SickCase{"FivePercentErrorsAtALowRate", {.errors = 0.05}, 20, 30},
                    SickCase{"HalfOfItErrors", {.errors = 0.5}, 10, 5},
                    SickCase{"OnePercentHangs", {.hangs = 0.01}, 300, 30},
                    SickCase{"TenTimesAsSlow", {.slower = 10}, 100, 2},
                    SickCase{"TenTimesAsSlowAtALowRate", {.slower = 10}, 5, 10}),
    [](const auto& row) { return row.param.name; });

TEST(Outliers, GoodServersAreNeverFoundInADay) {
  OutlierPlant plant({{.errors = 0.001}, {.errors = 0.001}, {.errors = 0.001}}, 50, kBoth);
  for (int second = 0; second < 86'400; ++second)
    ASSERT_FALSE(plant.step().has_value()) << second;
}

TEST(Outliers, WhatAllSufferFromMakesNone) {
  OutlierPlant plant(
      {{.errors = 0.3, .slower = 20}, {.errors = 0.3, .slower = 20}, {.errors = 0.3, .slower = 20}},
      100, kBoth);
  for (int second = 0; second < 3'600; ++second)
    ASSERT_FALSE(plant.step().has_value()) << second;
}

TEST(Outliers, AreJudgedAnewOnceTheyAreBack) {
  OutlierPlant plant({{}, {.errors = 0.2}}, 100, kBoth);
  std::optional<Outlier> found;
  for (int second = 0; second < 10 && !found; ++second)
    found = plant.step();
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->why, HasSubstr("% errors in"));
  plant.heal(1);
  for (int second = 0; second < 600; ++second)
    ASSERT_FALSE(plant.step().has_value());
}

TEST(Outliers, TheWorstIsTakenFirst) {
  OutlierPlant plant({{}, {.errors = 0.2}, {.errors = 0.6}, {}}, 100, kBoth);
  std::optional<Outlier> found;
  for (int second = 0; second < 10 && !found; ++second)
    found = plant.step();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->server, 2U);
}

TEST(Outliers, AServerAloneIsNone) {
  OutlierPlant plant({{.errors = 1.0, .slower = 100}}, 100, kBoth);
  for (int second = 0; second < 60; ++second)
    ASSERT_FALSE(plant.step().has_value());
}

TEST(Outliers, StuckRequestsCountAsSlow) {
  Outliers outliers({.latency_factor = 4}, 2);
  std::optional<Outlier> found;
  for (std::uint64_t second = 1; second <= 10 && !found; ++second) {
    const LoadSample samples[] = {
        {.answered = 100, .latency_s = 0.02, .attempts = 100},
        {.answered = 95, .latency_s = 0.02, .attempts = 95, .stuck = 5 * second}};
    found = outliers.observe(samples);
  }
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->server, 1U);
}

TEST(Outliers, AFewMillisecondsAreNoReason) {
  Outliers outliers(kBoth, 2);
  for (int second = 0; second < 60; ++second) {
    const LoadSample samples[] = {{.answered = 1000, .latency_s = 0.0002, .attempts = 1000},
                                  {.answered = 1000, .latency_s = 0.004, .attempts = 1000}};
    ASSERT_FALSE(outliers.observe(samples).has_value());
  }
}

TEST(Outliers, WithoutRulesNobodyIsJudged) {
  OutlierPlant plant({{}, {.errors = 1.0, .slower = 100}}, 100, {});
  for (int second = 0; second < 60; ++second)
    ASSERT_FALSE(plant.step().has_value());
}

}  // namespace
}  // namespace ravelin::gateway
