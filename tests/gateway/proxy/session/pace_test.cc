#include "gateway/proxy/session/pace.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using Verdict = Pace::Verdict;

base::MonoTime at(base::Duration time) {
  return {time};
}

TEST(Pace, StandingStillForTheIdleTimeIsTheEnd) {
  Pace pace(at(0s), 5s, 0);
  EXPECT_EQ(pace.check(at(4s)), Verdict::fine);
  pace.progressed(at(4s), 1);
  EXPECT_EQ(pace.check(at(8s)), Verdict::fine);
  EXPECT_EQ(pace.check(at(9s)), Verdict::idle);
}

TEST(Pace, TricklingBelowTheMinimumRateIsTooSlow) {
  Pace pace(at(0s), 30s, 100);
  for (int second = 1; second <= 9; ++second)
    pace.progressed(at(second * 1s), 10);
  EXPECT_EQ(pace.check(at(9s)), Verdict::fine);
  EXPECT_EQ(pace.check(at(10s)), Verdict::too_slow);
}

TEST(Pace, AnyLengthIsFineAtTheMinimumRate) {
  Pace pace(at(0s), 30s, 100);
  for (int second = 1; second <= 100; ++second) {
    pace.progressed(at(second * 1s), 101);
    EXPECT_EQ(pace.check(at(second * 1s)), Verdict::fine) << second;
  }
}

TEST(Pace, TheClockStandsWhileSomebodyElseIsWaitedFor) {
  Pace pace(at(0s), 5s, 100);
  pace.excuse(at(60s));
  EXPECT_EQ(pace.check(at(64s)), Verdict::fine);
  EXPECT_EQ(pace.next_check(), at(65s));
}

}  // namespace
}  // namespace ravelin::gateway
