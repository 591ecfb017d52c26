#include "policies/simulate/token_bucket.h"

#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

using namespace std::chrono_literals;

TEST(TokenBucket, StartsFullAndRefillsOneTokenAtATime) {
  TokenBucket bucket({.count = 10, .per = 1s, .burst = 3}, 0ns);
  EXPECT_TRUE(bucket.take(60, 0ns));
  EXPECT_TRUE(bucket.take(60, 0ns));
  EXPECT_TRUE(bucket.take(60, 0ns));
  EXPECT_FALSE(bucket.take(60, 0ns));
  EXPECT_FALSE(bucket.take(60, 99ms));
  EXPECT_TRUE(bucket.take(60, 100ms));
  EXPECT_FALSE(bucket.take(60, 150ms));
}

TEST(TokenBucket, HoldsNoMoreThanItsBurst) {
  TokenBucket bucket({.count = 1, .per = 60s, .burst = 2}, 0ns);
  EXPECT_TRUE(bucket.take(60, 1h));
  EXPECT_TRUE(bucket.take(60, 1h));
  EXPECT_FALSE(bucket.take(60, 1h + 59s));
  EXPECT_TRUE(bucket.take(60, 1h + 60s));
}

TEST(TokenBucket, OfBytesHoldsAUnitOfTimeAndTheBurst) {
  TokenBucket bucket({.of = Rate::Of::bytes, .count = 1000, .per = 1s, .burst = 500}, 0ns);
  EXPECT_TRUE(bucket.take(1500, 0ns));
  EXPECT_FALSE(bucket.take(1, 0ns));
  EXPECT_TRUE(bucket.take(100, 100ms));
  EXPECT_FALSE(bucket.take(1501, 1h));
  EXPECT_TRUE(bucket.take(1500, 1h));
}

TEST(TokenBucket, TimeThatRunsBackwardsAddsNothing) {
  TokenBucket bucket({.count = 1, .per = 1s, .burst = 1}, 10s);
  EXPECT_TRUE(bucket.take(60, 10s));
  EXPECT_FALSE(bucket.take(60, 1s));
  EXPECT_FALSE(bucket.take(60, 10s + 999ms));
  EXPECT_TRUE(bucket.take(60, 11s));
}

}  // namespace
}  // namespace ravelin::policies
