#include "certs/rotate/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;

constexpr auto kScheduleDay = 24h;
constexpr sys_seconds kStart = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);

RenewalFacts facts_of(seconds lifetime, std::string name = "www.example.test") {
  return {.name = std::move(name), .not_before = kStart, .not_after = kStart + lifetime};
}

struct LifetimeCase {
  const char* title;
  seconds lifetime;
  seconds earliest, latest;  // behind the start
  const char* why;
};

TEST(Schedule, ALifetimeDecidesWithoutAWindow) {
  const LifetimeCase rows[] = {
      {"NinetyDays", 90 * kScheduleDay, 55 * kScheduleDay + 12h, 60 * kScheduleDay,
       "two thirds of its lifetime are over"},
      {"TenDays", 10 * kScheduleDay, 148h, 160h, "two thirds of its lifetime are over"},
      {"JustBelowTenDays", 10 * kScheduleDay - 20s, 10 * kScheduleDay * 9 / 20 - 9s,
       5 * kScheduleDay - 10s, "half of its lifetime is over"},
      {"SixDays", 6 * kScheduleDay, 6 * kScheduleDay * 9 / 20, 3 * kScheduleDay,
       "half of its lifetime is over"},
      {"OneHour", 1h, 27min, 30min, "half of its lifetime is over"},
      {"Nothing", 0s, 0s, 0s, "half of its lifetime is over"},
  };
  for (const LifetimeCase& row : rows)
    for (int i = 0; i < 50; ++i) {
      const RenewalTime due =
          renewal_time(facts_of(row.lifetime, fmt::format("n{}.example.test", i)));
      EXPECT_GE(due.at, kStart + row.earliest) << row.title;
      EXPECT_LE(due.at, kStart + row.latest) << row.title;
      EXPECT_EQ(due.why, row.why) << row.title;
    }
}

struct WindowCase {
  const char* title;
  seconds begins, ends;      // of the window, behind the start
  seconds earliest, latest;  // of the renewal
  bool is_too_late = false;
};

TEST(Schedule, TheCasWindowGoesBeforeTheLifetime) {
  const WindowCase rows[] = {
      {"Usual", 58 * kScheduleDay, 62 * kScheduleDay, 58 * kScheduleDay, 62 * kScheduleDay},
      {"Past", -10 * kScheduleDay, -9 * kScheduleDay, -10 * kScheduleDay, -9 * kScheduleDay},
      {"Moment", 30 * kScheduleDay, 30 * kScheduleDay, 30 * kScheduleDay, 30 * kScheduleDay},
      {"BackToFront", 30 * kScheduleDay, 20 * kScheduleDay, 30 * kScheduleDay, 30 * kScheduleDay},
      {"TooLate", 89 * kScheduleDay, 95 * kScheduleDay, 85 * kScheduleDay + 12h,
       85 * kScheduleDay + 12h, true},
  };
  for (const WindowCase& row : rows) {
    RenewalFacts facts = facts_of(90 * kScheduleDay);
    facts.window = RenewalWindow{kStart + row.begins, kStart + row.ends};
    const RenewalTime due = renewal_time(facts);
    EXPECT_GE(due.at, kStart + row.earliest) << row.title;
    EXPECT_LE(due.at, kStart + row.latest) << row.title;
    EXPECT_EQ(due.why.starts_with("the CA asks for it between "), !row.is_too_late) << row.title;
  }
}

TEST(Schedule, TheWindowIsNamed) {
  RenewalFacts facts = facts_of(90 * kScheduleDay);
  facts.window = RenewalWindow{kStart + 58 * kScheduleDay, kStart + 59 * kScheduleDay};
  EXPECT_EQ(renewal_time(facts).why,
            "the CA asks for it between 2026-04-29T00:00:00Z and 2026-04-30T00:00:00Z");
}

TEST(Schedule, ARevokedKeyIsDueAtOnce) {
  RenewalFacts facts = facts_of(90 * kScheduleDay);
  facts.window = RenewalWindow{kStart + 58 * kScheduleDay, kStart + 59 * kScheduleDay};
  facts.is_revoked = true;
  EXPECT_EQ(renewal_time(facts).at, kStart);
  EXPECT_EQ(renewal_time(facts).why, "it or its key is revoked");
}

TEST(Schedule, AnEmergencyIsALastTwentieth) {
  EXPECT_EQ(emergency_time(facts_of(100 * kScheduleDay)), kStart + 95 * kScheduleDay);
  EXPECT_EQ(emergency_time(facts_of(20h)), kStart + 19h);
}

TEST(Schedule, TheMomentIsTheSameForEveryoneAndOtherForEachCertificate) {
  std::vector<seconds> moments;
  for (int i = 0; i < 1000; ++i) {
    const RenewalFacts facts = facts_of(90 * kScheduleDay, fmt::format("n{}.example.test", i));
    const RenewalTime due = renewal_time(facts);
    EXPECT_EQ(renewal_time(facts).at, due.at);
    moments.push_back(due.at - kStart);
  }
  // A twentieth of the lifetime, 4.5 days, each tenth of which gets its share.
  const seconds first = 60 * kScheduleDay - 90 * kScheduleDay / 20;
  const seconds tenth = 90 * kScheduleDay / 200;
  for (int i = 0; i < 10; ++i) {
    const auto in_it = std::ranges::count_if(moments, [&](seconds moment) {
      return moment > first + i * tenth && moment <= first + (i + 1) * tenth;
    });
    EXPECT_GT(in_it, 60) << i;
    EXPECT_LT(in_it, 140) << i;
  }
  RenewalFacts next = facts_of(90 * kScheduleDay, "n0.example.test");
  next.not_before += 1s;
  next.not_after += 1s;
  EXPECT_NE(renewal_time(next).at - next.not_before, moments.front());
}

TEST(Schedule, WaitingGrowsToADay) {
  EXPECT_EQ(back_off(-1), 0s);
  EXPECT_EQ(back_off(0), 0s);
  EXPECT_EQ(back_off(1), 1min);
  EXPECT_EQ(back_off(5), 30min);
  EXPECT_EQ(back_off(10), 12h);
  EXPECT_EQ(back_off(11), 24h);
  EXPECT_EQ(back_off(1'000'000), 24h);
  for (int i = 0; i < 20; ++i)
    EXPECT_LE(back_off(i), back_off(i + 1)) << i;
}

struct WaitCase {
  const char* title;
  seconds left;  // when it failed
  bool is_revoked;
  seconds most;
};

TEST(Schedule, NoWaitTakesMoreThanAnEighthOfWhatIsLeft) {
  const WaitCase rows[] = {
      {"AMonth", 30 * kScheduleDay, false, 90h},
      {"TenHours", 10h, false, 75min},
      {"AnHour", 1h, false, 450s},
      {"TheLastMinutes", 5min, false, 1min},
      {"Ended", 0s, false, 1h},
      {"EndedLongAgo", -90 * kScheduleDay, false, 1h},
      {"RevokedKey", 30 * kScheduleDay, true, 1h},
      {"RevokedAndShort", 10min, true, 75s},
  };
  for (const WaitCase& row : rows) {
    RenewalFacts facts = facts_of(90 * kScheduleDay);
    facts.is_revoked = row.is_revoked;
    EXPECT_EQ(longest_wait(facts, facts.not_after - row.left), row.most) << row.title;
  }
}

struct FailuresCase {
  const char* title;
  std::vector<std::string> events;
  int in_a_row;
};

TEST(Schedule, FailuresCountSinceTheLastGenerationCameAbout) {
  const FailuresCase rows[] = {
      {"None", {}, 0},
      {"Issued", {"issue"}, 0},
      {"Twice", {"issue", "failed", "failed"}, 2},
      {"Renewed", {"failed", "failed", "renewal"}, 0},
      {"AgainAfterwards", {"failed", "renewal", "failed"}, 1},
      {"Imported", {"failed", "import"}, 0},
      {"RevocationsAndProbesAreNoGeneration", {"failed", "revoke", "failed", "probe"}, 2},
      {"GoingBackIsNone", {"renewal", "failed", "rollback", "failed"}, 2},
  };
  for (const FailuresCase& row : rows) {
    std::vector<HistoryEntry> history;
    for (const std::string& event : row.events)
      history.push_back({.at = kStart + seconds(history.size()),
                         .event = event,
                         .detail = fmt::format("detail {}", history.size())});
    const Failures failures = failures_in(history);
    EXPECT_EQ(failures.in_a_row, row.in_a_row) << row.title;
    if (row.in_a_row == 0) continue;
    const auto last =
        std::ranges::find(history.rbegin(), history.rend(), "failed", &HistoryEntry::event);
    EXPECT_EQ(failures.last, last->at) << row.title;
    EXPECT_EQ(failures.why, last->detail) << row.title;
  }
}

TEST(Schedule, WhatIssuersAskForIsRememberedUntilTheNextGeneration) {
  std::vector<HistoryEntry> history = {
      {.at = kStart, .event = "failed", .waits_for = "le", .waits_until = kStart + 2h},
      {.at = kStart + 1s, .event = "failed", .waits_for = "own", .waits_until = kStart + 1h},
      {.at = kStart + 2s, .event = "failed"},
  };
  EXPECT_EQ(failures_in(history).waits, (std::map<std::string, sys_seconds, std::less<>>{
                                            {"le", kStart + 2h}, {"own", kStart + 1h}}));
  history.push_back({.at = kStart + 3s, .event = "renewal"});
  EXPECT_TRUE(failures_in(history).waits.empty());
}

}  // namespace
}  // namespace ravelin::certs
