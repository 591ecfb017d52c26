#include "certs/crl/judge_crl.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const base::WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 30);

CrlFacts list(std::string number, seconds made_ago, std::string sha256 = "other") {
  CrlFacts facts;
  facts.number = std::move(number);
  facts.this_update = kNow - made_ago;
  facts.next_update = kNow + hours(1);
  facts.sha256 = std::move(sha256);
  return facts;
}

struct JudgeCase {
  const char* title;
  std::optional<CrlFacts> held;
  CrlFacts offered;
  CrlVerdict verdict;
};

void PrintTo(const JudgeCase& row, std::ostream* out) {
  *out << row.title;
}

class Judge : public testing::TestWithParam<JudgeCase> {};

TEST_P(Judge, TakesOnlyTheNewer) {
  const JudgeCase& row = GetParam();
  EXPECT_EQ(judge_crl(row.held ? &*row.held : nullptr, row.offered, kNow), row.verdict);
}

std::vector<JudgeCase> judge_cases() {
  using enum CrlVerdict;
  const CrlFacts held = list("0A", hours(2), "held");
  return {
      {"TheFirst", std::nullopt, list("01", hours(1)), newer},
      {"TheFirstWithoutANumber", std::nullopt, list("", hours(1)), newer},
      {"TheFirstOfTomorrow", std::nullopt, list("01", -hours(1)), not_yet},
      {"TheSame", held, held, unchanged},
      {"AHigherNumber", held, list("0B", hours(1)), newer},
      {"AHigherNumberOfAnOlderDate", held, list("0B", hours(3)), newer},
      {"AHigherNumberOfTomorrow", held, list("0B", -hours(1)), not_yet},
      {"MoreDigitsAreMore", held, list("0100", hours(1)), newer},
      {"ALowerNumberOfALaterDate", held, list("09", hours(1)), older},
      {"ALowerNumberOfTomorrow", held, list("09", -hours(1)), older},
      {"TheSameNumberOnAnotherList", held, list("0A", hours(1)), older},
      {"NoNumberAndALaterDate", held, list("", hours(1)), newer},
      {"NoNumberAndAnEarlierDate", held, list("", hours(3)), older},
      {"NoNumberAndTheSameDate", held, list("", hours(2)), older},
      {"ANumberAfterNone", list("", hours(2), "held"), list("01", hours(1)), newer},
      {"TwentyBytes", list(std::string(38, 'F'), hours(1), "held"),
       list(std::string(40, '1'), hours(1)), newer},
  };
}

INSTANTIATE_TEST_SUITE_P(Cases, Judge, testing::ValuesIn(judge_cases()),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(CrlEnd, IsTheMomentOfNextUpdate) {
  CrlFacts facts = list("01", hours(1));
  facts.next_update = kNow;
  EXPECT_TRUE(is_over(facts, kNow));
  EXPECT_FALSE(is_over(facts, kNow - seconds(1)));
  facts.next_update.reset();
  EXPECT_FALSE(is_over(facts, kNow));
}

struct DueCase {
  const char* title;
  int failures;
  std::optional<seconds> left;  // of the list that ends first
  seconds refresh;
  seconds wait;
};

void PrintTo(const DueCase& row, std::ostream* out) {
  *out << row.title;
}

class NextFetch : public testing::TestWithParam<DueCase> {};

TEST_P(NextFetch, IsDue) {
  const DueCase& row = GetParam();
  CrlStanding standing{row.failures, {}};
  if (row.left) standing.ends_first = kNow + *row.left;
  EXPECT_EQ(until_next_fetch(standing, {.refresh = row.refresh}, kNow), row.wait);
}

constexpr seconds kHour{3600};

constexpr DueCase kDueCases[] = {
    {"AfterAnHour", 0, hours(24 * 7), kHour, kHour},
    {"AfterHalfOfWhatIsLeft", 0, hours(1), kHour, minutes(30)},
    {"NotAtOnceNearTheEnd", 0, seconds(6), kHour, seconds(10)},
    {"AsOftenAsAsked", 0, hours(24), seconds(1), seconds(1)},
    {"AsOftenAsAskedNearTheEnd", 0, seconds(1), seconds(1), seconds(1)},
    {"SoonWithoutAList", 0, std::nullopt, kHour, minutes(1)},
    {"SoonAfterAFailure", 1, hours(24), kHour, seconds(10)},
    {"DoubledAfterTheSecond", 2, hours(24), kHour, seconds(20)},
    {"DoubledAgain", 5, hours(24), kHour, seconds(160)},
    {"NotLaterThanTenMinutes", 9, hours(24), kHour, minutes(10)},
    {"NotLaterWithManyFailures", 1'000'000, hours(24), kHour, minutes(10)},
    {"NotLaterThanAMinuteWhenOver", 9, -seconds(1), kHour, minutes(1)},
    {"NotLaterThanAMinuteWithNone", 9, std::nullopt, kHour, minutes(1)},
    {"NotLaterThanAsked", 9, hours(24), seconds(5), seconds(5)},
};

INSTANTIATE_TEST_SUITE_P(Cases, NextFetch, testing::ValuesIn(kDueCases),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(CrlFetch, EveryResultHasAWord) {
  for (std::size_t i = 0; i < kCrlFetches; ++i)
    EXPECT_FALSE(to_string(static_cast<CrlFetch>(i)).empty());
  EXPECT_TRUE(is_good(CrlFetch::unchanged));
  EXPECT_TRUE(is_good(CrlFetch::taken));
  for (const CrlFetch bad :
       {CrlFetch::older, CrlFetch::expired, CrlFetch::not_yet, CrlFetch::refused, CrlFetch::failed})
    EXPECT_FALSE(is_good(bad)) << to_string(bad);
}

}  // namespace
}  // namespace ravelin::certs
