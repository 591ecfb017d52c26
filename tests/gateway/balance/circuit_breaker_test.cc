// The circuit breaker's states, driven second by second.
#include "gateway/balance/circuit_breaker.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

class Breaker {
 public:
  explicit Breaker(const CircuitConfig& config) : breaker_(config, 1s) {}

  Circuit second(std::uint64_t attempts, std::uint64_t errors) {
    now_ = now_ + 1s;
    return breaker_.observe({.attempts = attempts, .errors = errors}, now_);
  }

  Circuit seconds(int count, std::uint64_t attempts, std::uint64_t errors) {
    Circuit state = breaker_.state();
    for (int i = 0; i < count; ++i)
      state = second(attempts, errors);
    return state;
  }

 private:
  base::MonoTime now_{1000s};
  CircuitBreaker breaker_;
};

constexpr CircuitConfig kConfig{
    .error_percent = 50, .requests_min = 20, .window = 10s, .open_for = 5s};

TEST(CircuitBreaker, StaysClosedBelowItsLimit) {
  Breaker breaker(kConfig);
  EXPECT_EQ(breaker.seconds(100, 100, 49), Circuit::closed);
}

TEST(CircuitBreaker, NeedsEnoughRequestsToOpen) {
  Breaker breaker(kConfig);
  EXPECT_EQ(breaker.seconds(100, 1, 1), Circuit::closed);  // 10 in the window
  EXPECT_EQ(breaker.second(20, 20), Circuit::open);
}

TEST(CircuitBreaker, JudgesTheWholeWindow) {
  Breaker breaker(kConfig);
  breaker.seconds(9, 100, 0);
  EXPECT_EQ(breaker.second(100, 100), Circuit::closed);
  EXPECT_EQ(breaker.seconds(3, 100, 100), Circuit::closed);
  EXPECT_EQ(breaker.second(100, 100), Circuit::open);  // 5 of 10 seconds
}

TEST(CircuitBreaker, ProbesAfterAWhileAndClosesWhenTheyAreGood) {
  Breaker breaker(kConfig);
  EXPECT_EQ(breaker.second(100, 100), Circuit::open);
  EXPECT_EQ(breaker.seconds(4, 50, 50), Circuit::open);
  EXPECT_EQ(breaker.second(0, 0), Circuit::probing);
  EXPECT_EQ(breaker.second(2, 0), Circuit::probing);
  EXPECT_EQ(breaker.second(3, 1), Circuit::closed);
  EXPECT_EQ(breaker.seconds(20, 100, 10), Circuit::closed);
}

TEST(CircuitBreaker, OpensAgainWhenProbesFail) {
  Breaker breaker(kConfig);
  breaker.second(100, 100);
  EXPECT_EQ(breaker.seconds(5, 0, 0), Circuit::probing);
  EXPECT_EQ(breaker.second(5, 3), Circuit::open);
  EXPECT_EQ(breaker.seconds(4, 0, 0), Circuit::open);
  EXPECT_EQ(breaker.second(0, 0), Circuit::probing);
}

struct RareProbesCase {
  const char* name;
  std::chrono::milliseconds window;
  std::uint64_t errors;  // in each probe
  Circuit verdict;
};

class RareProbes : public testing::TestWithParam<RareProbesCase> {};

// One probe in four seconds: a pool that gets two or three requests a second.
TEST_P(RareProbes, AreCountedTogetherHoweverLongTheyTake) {
  CircuitConfig config = kConfig;
  config.window = GetParam().window;
  Breaker breaker(config);
  breaker.second(100, 100);
  EXPECT_EQ(breaker.seconds(5, 0, 0), Circuit::probing);
  for (int probe = 1; probe <= 4; ++probe) {
    EXPECT_EQ(breaker.second(1, GetParam().errors), Circuit::probing);
    EXPECT_EQ(breaker.seconds(3, 0, 0), Circuit::probing);
  }
  EXPECT_EQ(breaker.second(1, GetParam().errors), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    CircuitBreaker, RareProbes,
    testing::Values(RareProbesCase{"GoodOnesCloseIt", 10s, 0, Circuit::closed},
                    RareProbesCase{"BadOnesOpenItAgain", 10s, 1, Circuit::open},
                    RareProbesCase{"GoodOnesCloseItInAShortWindow", 1s, 0, Circuit::closed}),
    [](const auto& row) { return row.param.name; });

TEST(CircuitBreaker, CountsTheProbesOfEachTimeAnew) {
  Breaker breaker(kConfig);
  breaker.second(100, 100);
  breaker.seconds(5, 0, 0);
  EXPECT_EQ(breaker.second(10, 10), Circuit::open);
  EXPECT_EQ(breaker.seconds(5, 0, 0), Circuit::probing);
  EXPECT_EQ(breaker.second(5, 0), Circuit::closed);
}

TEST(CircuitBreaker, WithoutTrafficKeepsProbing) {
  Breaker breaker(kConfig);
  breaker.second(100, 100);
  EXPECT_EQ(breaker.seconds(1000, 0, 0), Circuit::probing);
}

}  // namespace
}  // namespace ravelin::gateway
