// The budget of hedges: a share of the requests to the request, with a little saved up.
#include "gateway/balance/hedge_budget.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

TEST(HedgeBudget, IsExactlyItsShareOfTheRequests) {
  for (const std::uint32_t percent : {1U, 3U, 10U, 50U, 100U}) {
    HedgeBudget budget;
    std::uint32_t hedges = 0;
    for (std::uint32_t requests = 1; requests <= 10'000; ++requests) {
      budget.request(percent);
      if (budget.has_any()) {
        budget.spend();
        ++hedges;
      }
      ASSERT_EQ(hedges, requests * percent / 100) << percent;
    }
  }
}

TEST(HedgeBudget, StartsEmptyAndSavesUpTen) {
  HedgeBudget budget;
  EXPECT_FALSE(budget.has_any());
  for (int i = 0; i < 10'000; ++i)
    budget.request(10);
  int hedges = 0;
  for (; budget.has_any(); ++hedges)
    budget.spend();
  EXPECT_EQ(hedges, 10);
}

TEST(HedgeBudget, AddsUpWhatSeveralRoutesAllow) {
  HedgeBudget budget;
  budget.request(60);
  EXPECT_FALSE(budget.has_any());
  budget.request(40);
  EXPECT_TRUE(budget.has_any());
  budget.spend();
  EXPECT_FALSE(budget.has_any());
}

}  // namespace
}  // namespace ravelin::gateway
