// What two readings of a server's signals mean.
#include "gateway/upstream/load_between.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

TEST(LoadBetween, IsWhatHappenedBetweenTwoReadings) {
  const SignalTotals before{
      .sent = 110, .answered = 100, .errors = 7, .failures = 2, .latency_us = 5'000};
  const SignalTotals now{
      .sent = 130, .answered = 120, .errors = 12, .failures = 4, .latency_us = 45'000};
  const LoadSample sample = load_between(before, now);
  EXPECT_EQ(sample.answered, 20U);
  EXPECT_DOUBLE_EQ(sample.latency_s, 0.002);
  EXPECT_EQ(sample.attempts, 22U);
  EXPECT_EQ(sample.errors, 5U);
  EXPECT_EQ(sample.stuck, 0U);
}

struct StuckCase {
  const char* name;
  SignalTotals before, now;
  std::uint64_t stuck;
};

class Stuck : public testing::TestWithParam<StuckCase> {};

TEST_P(Stuck, IsWhatWaitedAllTheTime) {
  EXPECT_EQ(load_between(GetParam().before, GetParam().now).stuck, GetParam().stuck);
}

INSTANTIATE_TEST_SUITE_P(
    LoadBetween, Stuck,
    testing::Values(
        StuckCase{
            "OneThatWasJustSent", {.sent = 10, .answered = 10}, {.sent = 11, .answered = 10}, 0},
        StuckCase{"AllThatWaitedWereAnswered",
                  {.sent = 13, .answered = 10},
                  {.sent = 20, .answered = 13},
                  0},
        StuckCase{"NoAnswer", {.sent = 13, .answered = 10}, {.sent = 20, .answered = 10}, 3},
        StuckCase{"SomeGaveUp",
                  {.sent = 13, .answered = 10},
                  {.sent = 20, .answered = 10, .unanswered = 2},
                  1},
        StuckCase{"CountedInAnotherOrder",  // an end may be seen before its beginning
                  {.sent = 10, .answered = 11},
                  {.sent = 12, .answered = 11},
                  0}),
    [](const auto& row) { return row.param.name; });

struct EndCase {
  const char* name;
  void (*happens)(ServerSignals&);
  std::uint64_t answered, errors;
};

class Ends : public testing::TestWithParam<EndCase> {};

TEST_P(Ends, AreOneAttemptEach) {
  ServerSignals signals;
  signals.sent();
  GetParam().happens(signals);
  SignalTotals totals;
  signals.add_to(totals);
  EXPECT_EQ(totals.waiting(), 0U);
  const LoadSample sample = load_between({}, totals);
  EXPECT_EQ(sample.attempts, 1U);
  EXPECT_EQ(sample.answered, GetParam().answered);
  EXPECT_EQ(sample.errors, GetParam().errors);
}

using Answer = ServerSignals::Answer;

INSTANTIATE_TEST_SUITE_P(
    LoadBetween, Ends,
    testing::Values(EndCase{"AGoodAnswer",
                            [](ServerSignals& signals) { signals.answered({}, Answer::good); }, 1,
                            0},
                    EndCase{"AnErrorStatus",
                            [](ServerSignals& signals) { signals.answered({}, Answer::error); }, 1,
                            1},
                    EndCase{"NoAnswer",
                            [](ServerSignals& signals) {
                              signals.unanswered();
                              signals.failed();
                            },
                            0, 1},
                    EndCase{"AnAnswerThatBreaksOff",
                            [](ServerSignals& signals) {
                              signals.answered({}, Answer::good);
                              signals.broke_off(Answer::good);
                            },
                            1, 1},
                    EndCase{"AnErrorThatBreaksOff",
                            [](ServerSignals& signals) {
                              signals.answered({}, Answer::error);
                              signals.broke_off(Answer::error);
                            },
                            1, 1}),
    [](const auto& row) { return row.param.name; });

TEST(LoadBetween, OfATimeWithoutRequestsIsEmpty) {
  const SignalTotals totals{.sent = 5, .answered = 5, .latency_us = 99};
  const LoadSample sample = load_between(totals, totals);
  EXPECT_EQ(sample.answered, 0U);
  EXPECT_EQ(sample.latency_s, 0);
  EXPECT_EQ(sample.error_share(), 0);
}

}  // namespace
}  // namespace ravelin::gateway
