#include "system/supervise/back_off.h"

#include <gtest/gtest.h>

#include <vector>

namespace ravelin::system {
namespace {

using namespace std::chrono_literals;

TEST(BackOff, StartsAtOnceWhatHadDoneItsWork) {
  BackOff back_off;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(back_off.ended(5s, true), 0s);
}

TEST(BackOff, WaitsTwiceAsLongEachTimeForWhatEndsBeforeItIsReady) {
  BackOff back_off;
  std::vector<base::Duration> pauses;
  for (int i = 0; i < 12; ++i)
    pauses.push_back(back_off.ended(1s, false));
  const std::vector<base::Duration> expected{0ms,    100ms,  200ms,   400ms,   800ms, 1600ms,
                                             3200ms, 6400ms, 12800ms, 25600ms, 30s,   30s};
  EXPECT_EQ(pauses, expected);
}

TEST(BackOff, ForgetsOnceAProcessWasReady) {
  BackOff back_off;
  for (int i = 0; i < 5; ++i)
    back_off.ended(1s, false);
  EXPECT_EQ(back_off.ended(1s, true), 0s);
  EXPECT_EQ(back_off.ended(1s, false), 0s);
  EXPECT_EQ(back_off.ended(1s, false), BackOff::kFirst);
}

TEST(BackOff, DoesNotBelieveForEverWhoEndsAsSoonAsItIsReady) {
  BackOff back_off;
  for (int i = 0; i < BackOff::kShortRunsMax; ++i)
    EXPECT_EQ(back_off.ended(900ms, true), 0s) << i;
  std::vector<base::Duration> pauses;
  for (int i = 0; i < 7; ++i)
    pauses.push_back(back_off.ended(900ms, true));
  EXPECT_EQ(pauses, (std::vector<base::Duration>{0ms, 100ms, 200ms, 400ms, 800ms, 1s, 1s}));
  EXPECT_EQ(back_off.ended(1s, true), 0s);
  EXPECT_EQ(back_off.ended(900ms, true), 0s);
}

TEST(BackOff, KeepsStartsApart) {
  BackOff back_off;
  EXPECT_EQ(back_off.ended(20ms, true), BackOff::kApart - 20ms);
  EXPECT_EQ(back_off.ended(0ms, false), BackOff::kApart);
}

}  // namespace
}  // namespace ravelin::system
