// The budget of retries: a part of the requests and a few a second, with a little saved up.
#include "gateway/balance/retry_budget.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

TEST(RetryBudget, IsAPartOfTheRequestsOnceTheSavingsAreSpent) {
  RetryBudget budget({.percent = 20, .min_per_s = 0});
  const base::MonoTime now{100s};
  int retries = 0;
  for (int i = 0; i < 10'000; ++i) {
    budget.request();
    if (budget.take(now)) ++retries;
  }
  EXPECT_GE(retries, 2'000);
  EXPECT_LE(retries, 2'010);
}

TEST(RetryBudget, GrantsAFewASecondToAQuietPool) {
  RetryBudget budget({.percent = 0, .min_per_s = 2});
  base::MonoTime now{100s};
  int at_first = 0;
  while (budget.take(now))
    ++at_first;
  EXPECT_EQ(at_first, 20);
  int retries = 0;
  for (int i = 0; i < 100; ++i) {
    now = now + 100ms;
    if (budget.take(now)) ++retries;
  }
  EXPECT_NEAR(retries, 20, 1);
}

TEST(RetryBudget, SavesUpNoMoreThanTenSeconds) {
  RetryBudget budget({.percent = 50, .min_per_s = 3});
  for (int i = 0; i < 1'000; ++i)
    budget.request();
  int retries = 0;
  while (budget.take({1h}))
    ++retries;
  EXPECT_EQ(retries, 30);
}

TEST(RetryBudget, OfNothingAllowsNone) {
  RetryBudget budget({.percent = 0, .min_per_s = 0});
  int retries = 0;
  for (int i = 0; i < 1'000; ++i) {
    budget.request();
    if (budget.take({base::Duration(std::chrono::seconds(i))})) ++retries;
  }
  EXPECT_EQ(retries, 0);
}

}  // namespace
}  // namespace ravelin::gateway
