// Which of two tries is the request's: every pair of states.
#include "gateway/proxy/forward/hedge_race.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using enum TryState;

struct Row {
  const char* name;
  TryState first;
  TryState second;
  RaceStep step;
};

constexpr Row kRows[] = {
    {"AloneAndUnderWay", under_way, absent, RaceStep::wait},
    {"AloneAndGood", good, absent, RaceStep::take_first},
    {"AloneAndBad", bad, absent, RaceStep::take_first},
    {"BothUnderWay", under_way, under_way, RaceStep::wait},
    {"TheFirstAnswers", good, under_way, RaceStep::take_first},
    {"TheSecondAnswers", under_way, good, RaceStep::take_second},
    {"BothAnswer", good, good, RaceStep::take_first},
    {"TheFirstAnswersAndTheSecondFailed", good, bad, RaceStep::take_first},
    {"TheSecondAnswersAndTheFirstFailed", bad, good, RaceStep::take_second},
    {"TheFirstFails", bad, under_way, RaceStep::drop_first},
    {"TheSecondFails", under_way, bad, RaceStep::drop_second},
    {"BothFail", bad, bad, RaceStep::drop_first},
    {"TheFirstWasDropped", absent, under_way, RaceStep::wait},
    {"TheSecondAnswersAsTheRetry", absent, good, RaceStep::take_second},
    {"TheSecondFailsAsTheRetry", absent, bad, RaceStep::take_second},
};

TEST(HedgeRace, IsDecidedByTheTwoStates) {
  for (const Row& row : kRows)
    EXPECT_EQ(race_step(row.first, row.second), row.step) << row.name;
  EXPECT_EQ(std::size(kRows), 15U) << "every pair but absent and absent";
}

// A step is taken only of a try that is there, and dropping leaves another.
TEST(HedgeRace, NeverTakesOrDropsWhatIsNotThere) {
  for (const TryState first : {absent, under_way, good, bad}) {
    for (const TryState second : {absent, under_way, good, bad}) {
      if (first == absent && second == absent) continue;
      const RaceStep step = race_step(first, second);
      if (step == RaceStep::take_first || step == RaceStep::drop_first) EXPECT_NE(first, absent);
      if (step == RaceStep::take_second || step == RaceStep::drop_second) EXPECT_NE(second, absent);
      if (step == RaceStep::drop_first) EXPECT_NE(second, absent);
      if (step == RaceStep::drop_second) EXPECT_NE(first, absent);
      if (step == RaceStep::wait) EXPECT_TRUE(first == under_way || second == under_way);
    }
  }
}

}  // namespace
}  // namespace ravelin::gateway
