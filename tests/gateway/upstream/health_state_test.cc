// The decisions about a server, as tables: counting, ejection, what is named first, when to check.
#include "gateway/upstream/health_state.h"

#include <gtest/gtest.h>

#include <set>

namespace ravelin::gateway {
namespace {

using base::Duration;
using base::MonoTime;
using namespace std::chrono_literals;

struct CountCase {
  const char* name;
  const char* checks;  // '+' passed, '-' failed
  int rise;
  int fall;
  const char* changes;  // after each check: 'u' up, 'd' down, '.' none
};

constexpr CountCase kCounts[] = {
    {"GoodStaysGood", "++++", 2, 3, "...."},
    {"DownAtTheThirdInARow", "---", 2, 3, "..d"},
    {"OneGoodStartsTheCountAgain", "--+--+---", 2, 3, "........d"},
    {"StaysDownSilently", "------", 2, 3, "..d..."},
    {"UpAtTheSecondInARow", "---++", 2, 3, "..d.u"},
    {"OneBadStartsTheRiseAgain", "---+-+-++", 2, 3, "..d.....u"},
    {"FallOfOne", "-+-+", 1, 1, "dudu"},
    {"DownAgainNeedsTheWholeFall", "---++--+---", 2, 3, "..d.u.....d"},
};

TEST(HealthState, CountsChecksInARow) {
  for (const CountCase& row : kCounts) {
    HealthConfig config;
    config.rise = row.rise;
    config.fall = row.fall;
    HealthState state;
    std::string changes;
    for (const char check : std::string_view(row.checks)) {
      const auto change = count_check(state, config, {check == '+', "refused"});
      changes += change == HealthChange::up ? 'u' : change == HealthChange::down ? 'd' : '.';
    }
    EXPECT_EQ(changes, row.changes) << row.name;
  }
}

TEST(HealthState, ACheckThatCouldNotBeMadeDoesNotCount) {
  HealthState state;
  HealthConfig config;
  config.fall = 2;
  count_check(state, config, {false, "refused"});
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(count_check(state, config, {false, "no descriptor left", true}), HealthChange::none);
  EXPECT_EQ(count_check(state, config, {false, "refused"}), HealthChange::down);
}

TEST(HealthState, NamesTheLastFailedCheck) {
  HealthState state;
  HealthConfig config;
  config.fall = 2;
  count_check(state, config, {false, "status 500"});
  count_check(state, config, {false, "refused"});
  EXPECT_EQ(judge(state, AdminState::ready).reason, "refused");
  count_check(state, config, {false, "no answer"});
  EXPECT_EQ(judge(state, AdminState::ready).reason, "no answer");
}

TEST(HealthState, WithoutChecksAServerIsHealthyAgain) {
  HealthState state;
  HealthConfig config;
  config.fall = 1;
  EXPECT_FALSE(forget_checks(state));
  count_check(state, config, {false, "refused"});
  EXPECT_TRUE(forget_checks(state));
  EXPECT_TRUE(judge(state, AdminState::ready).is_usable());
}

struct EjectionCase {
  const char* name;
  milliseconds base;
  milliseconds max;
  int ejections;
  milliseconds expected;
};

constexpr EjectionCase kEjections[] = {
    {"First", 10s, 300s, 0, 10s},
    {"Second", 10s, 300s, 1, 20s},
    {"Fifth", 10s, 300s, 4, 160s},
    {"AtMostMax", 10s, 300s, 5, 300s},
    {"AHundredthDoesNotOverflow", 10s, 24h, 100, 24h},
    {"NeverOverMax", 10s, 10s, 3, 10s},
};

TEST(HealthState, EjectionDoublesUpToItsMaximum) {
  for (const EjectionCase& row : kEjections) {
    EjectionConfig config;
    config.base_time = row.base;
    config.max_time = row.max;
    EXPECT_EQ(ejection_time(config, row.ejections), Duration(row.expected)) << row.name;
  }
}

struct AgainCase {
  const char* name;
  milliseconds healthy;  // between the return and the next ejection
  milliseconds next;     // how long that one lasts
};

constexpr AgainCase kAgain[] = {
    {"AtOnce", 0ms, 20s},
    {"JustNotLongEnough", 299'999ms, 20s},
    {"AfterALongHealthyTime", 300s, 10s},
};

TEST(HealthState, ALongHealthyTimeStartsTheBackOffAgain) {
  const EjectionConfig config;  // 10 s to 300 s
  for (const AgainCase& row : kAgain) {
    HealthState state;
    MonoTime now{1000s};
    begin_ejection(state, config, now, "5 failures");
    EXPECT_EQ(state.ejected_until - now, Duration(10s)) << row.name;
    now = state.ejected_until;
    end_ejection(state, now);
    now = now + row.healthy;
    begin_ejection(state, config, now, "5 failures");
    EXPECT_EQ(state.ejected_until - now, Duration(row.next)) << row.name;
  }
}

struct SpareCase {
  const char* name;
  std::vector<PoolMember> others;
  bool may;
};

TEST(HealthState, TheLastUsableServerIsNotEjected) {
  const SpareCase cases[] = {
      {"Alone", {}, false},
      {"AnotherIsUsable", {{true, 1, true}}, true},
      {"TheOtherIsDown", {{false, 1, true}}, false},
      {"TheOtherTakesNothing", {{true, 0, true}}, false},
      {"TheOtherHasNoAddress", {{true, 1, false}}, false},
      {"OneOfManyIsEnough", {{false, 1, true}, {true, 0, true}, {true, 1, true}}, true},
  };
  for (const SpareCase& row : cases)
    EXPECT_EQ(may_eject(row.others, 100), row.may) << row.name;
}

struct FloorCase {
  const char* name;
  int ejected, usable;  // of the others
  int max_percent;
  bool may;
};

TEST(HealthState, OnlyAPartOfAPoolIsEjected) {
  const FloorCase cases[] = {
      {"TheFirstOfTwo", 0, 1, 50, true},     {"TheFirstAlwaysMay", 0, 3, 1, true},
      {"TheSecondOfFour", 1, 2, 50, true},   {"TheThirdOfFour", 2, 1, 50, false},
      {"TheSecondOfThree", 1, 1, 50, false}, {"TheSecondOfThreeWhereMostMay", 1, 1, 70, true},
  };
  for (const FloorCase& row : cases) {
    std::vector<PoolMember> others;
    for (int i = 0; i < row.ejected; ++i)
      others.push_back({.is_usable = false, .weight = 1, .is_ejected = true});
    for (int i = 0; i < row.usable; ++i)
      others.push_back({.is_usable = true, .weight = 1});
    EXPECT_EQ(may_eject(others, row.max_percent), row.may) << row.name;
  }
}

TEST(HealthState, ChecksAreFasterWhileTheyDisagreeWithTheState) {
  HealthConfig config;
  config.interval = 2s;
  config.jitter_percent = 0;
  HealthState state;
  EXPECT_EQ(next_interval(config, state, 1, 1), Duration(2s));
  count_check(state, config, {.passed = false, .detail = "status 500"});
  EXPECT_EQ(next_interval(config, state, 1, 2), Duration(500ms));
  config.fast_interval = 100ms;
  EXPECT_EQ(next_interval(config, state, 1, 3), Duration(100ms));
  count_check(state, config, {.passed = true});
  EXPECT_EQ(next_interval(config, state, 1, 4), Duration(2s));
}

struct VerdictCase {
  const char* name;
  bool passing, ejected, resolved;
  AdminState admin;
  const char* state;
  const char* reason;
};

constexpr VerdictCase kVerdicts[] = {
    {"Up", true, false, true, AdminState::ready, "up", ""},
    {"Down", false, false, true, AdminState::ready, "down", "refused"},
    {"Ejected", true, true, true, AdminState::ready, "ejected", "5 failures"},
    {"EjectedAndDown", false, true, true, AdminState::ready, "ejected", "5 failures"},
    {"Unresolved", true, false, false, AdminState::ready, "unresolved",
     "its name has no address yet"},
    {"Draining", true, false, true, AdminState::drain, "drain", "draining, by the operator"},
    {"MaintenanceBeforeAll", false, true, false, AdminState::maint, "maint",
     "in maintenance, by the operator"},
};

TEST(HealthState, OneVerdictOfAllCauses) {
  for (const VerdictCase& row : kVerdicts) {
    HealthState state;
    state.passing = row.passing;
    state.check_detail = "refused";
    state.ejected = row.ejected;
    state.ejection_detail = "5 failures";
    state.resolved = row.resolved;
    const Verdict verdict = judge(state, row.admin);
    EXPECT_EQ(verdict.state, row.state) << row.name;
    EXPECT_EQ(verdict.reason, row.reason) << row.name;
    EXPECT_EQ(verdict.is_usable(), std::string_view(row.state) == "up") << row.name;
  }
}

TEST(HealthState, IntervalsStayWithinTheirJitterAndDiffer) {
  HealthConfig config;
  config.interval = 2s;
  config.jitter_percent = 10;
  const std::uint64_t seed = check_seed("web/a 10.0.0.1:80");
  std::set<Duration> seen;
  Duration sum{0};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Duration interval = jittered_interval(config, seed, i);
    EXPECT_GE(interval, Duration(1800ms));
    EXPECT_LE(interval, Duration(2200ms));
    EXPECT_EQ(interval, jittered_interval(config, seed, i));
    seen.insert(interval);
    sum += interval;
  }
  EXPECT_GT(seen.size(), 990U);
  EXPECT_GT(sum / 1000, Duration(1980ms));
  EXPECT_LT(sum / 1000, Duration(2020ms));
}

TEST(HealthState, WithoutJitterTheIntervalIsExact) {
  HealthConfig config;
  config.jitter_percent = 0;
  EXPECT_EQ(jittered_interval(config, 1, 7), Duration(config.interval));
}

TEST(HealthState, FullJitterNeverMeansNoPause) {
  HealthConfig config;
  config.interval = 10ms;
  config.jitter_percent = 100;
  for (std::uint64_t i = 0; i < 1000; ++i)
    EXPECT_GE(jittered_interval(config, 1, i), Duration(10ms));
}

TEST(HealthState, FirstChecksAreSpreadAndSoon) {
  HealthConfig config;
  config.interval = 1h;
  int early = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto delay = first_check_delay(config, check_seed(fmt::format("web/{}", i)));
    EXPECT_LE(delay, Duration(2s));
    if (delay < Duration(1s)) ++early;
  }
  EXPECT_GT(early, 400);
  EXPECT_LT(early, 600);
  config.interval = 100ms;
  EXPECT_LE(first_check_delay(config, check_seed("web/1")), Duration(100ms));
}

}  // namespace
}  // namespace ravelin::gateway
