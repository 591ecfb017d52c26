// What becomes of a weight when configuration, load, the server and slow start have their say.
#include "gateway/balance/effective_weight.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

struct WeightCase {
  const char* name;
  WeightParts parts;
  std::uint32_t hundredths;
};

class EffectiveWeight : public testing::TestWithParam<WeightCase> {};

TEST_P(EffectiveWeight, IsTheProductWithinTheBounds) {
  EXPECT_EQ(effective_weight(GetParam().parts, {.min_percent = 10, .max_percent = 200}),
            GetParam().hundredths);
}

INSTANTIATE_TEST_SUITE_P(
    All, EffectiveWeight,
    testing::Values(WeightCase{"Configured", {.base = 3}, 300},
                    WeightCase{"None", {.base = 0, .load = 0.5}, 0},
                    WeightCase{"Load", {.base = 2, .load = 0.25}, 50},
                    WeightCase{"LoadBelowTheBound", {.base = 1, .load = 0.01}, 10},
                    WeightCase{"Report", {.base = 1, .reported = 1.5}, 150},
                    WeightCase{"ReportAboveTheBound", {.base = 1, .reported = 2.56}, 200},
                    WeightCase{"ReportedZero", {.base = 5, .reported = 0}, 0},
                    WeightCase{"LoadAndReport", {.base = 1, .load = 0.5, .reported = 0.5}, 25},
                    WeightCase{
                        "SlowStartGoesBelowTheBound", {.base = 1, .load = 0.1, .warmth = 0.1}, 1},
                    WeightCase{"NeverNothing", {.base = 1, .load = 0.1, .warmth = 0.001}, 1},
                    WeightCase{"Largest", {.base = 256, .reported = 2.0}, 51'200}),
    [](const auto& row) { return row.param.name; });

TEST(EffectiveWeight, FitsTheBalancerAtTheWidestBounds) {
  EXPECT_EQ(
      effective_weight({.base = 256, .reported = 2.56}, {.min_percent = 1, .max_percent = 256}),
      65'535U);
}

TEST(SlowStart, GrowsFromATenthToAll) {
  EXPECT_DOUBLE_EQ(slow_start_warmth(0s, 30s), 0.1);
  EXPECT_DOUBLE_EQ(slow_start_warmth(1s, 30s), 0.1);
  EXPECT_DOUBLE_EQ(slow_start_warmth(15s, 30s), 0.5);
  EXPECT_DOUBLE_EQ(slow_start_warmth(30s, 30s), 1.0);
  EXPECT_DOUBLE_EQ(slow_start_warmth(0s, 0s), 1.0);
}

}  // namespace
}  // namespace ravelin::gateway
