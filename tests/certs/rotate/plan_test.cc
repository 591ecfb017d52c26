#include "certs/rotate/plan.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;

constexpr sys_seconds kPlanTime{1'800'000'000s};
constexpr auto kDay = 24h;

GenerationInfo served_for(seconds age, seconds lifetime) {
  GenerationInfo info{.number = 3,
                      .names = {"www.example.test", "b.example.test"},
                      .issuer = "le",
                      .reason = "rotate",
                      .made = kPlanTime - age};
  info.ec = PairFacts{.key = "p256",
                      .not_before = kPlanTime - age,
                      .not_after = kPlanTime - age + lifetime,
                      .order = ""};
  return info;
}

HeldState held(seconds age, seconds lifetime) {
  return {.name = "www.example.test",
          .want = {.names = {"www.example.test"}, .issuers = {"le", "own"}},
          .served = served_for(age, lifetime)};
}

PlannedRenewal plan_one(const HeldState& state) {
  const auto planned = plan_renewals(std::span(&state, 1), kPlanTime);
  EXPECT_EQ(planned.size(), 1U);
  return planned.empty() ? PlannedRenewal{} : planned.front();
}

TEST(PlanRenewals, AFreshOneIsNotDue) {
  const PlannedRenewal renewal = plan_one(held(1h, 90 * kDay));
  EXPECT_FALSE(renewal.is_due(kPlanTime));
  EXPECT_FALSE(renewal.is_emergency);
  EXPECT_EQ(renewal.why, "two thirds of its lifetime are over");
}

TEST(PlanRenewals, WhatHasNothingToServeComesFirst) {
  HeldState nothing{.name = "z.example.test",
                    .want = {.names = {"z.example.test"}, .issuers = {"le"}}};
  const std::vector<HeldState> all = {held(80 * kDay, 90 * kDay), nothing};
  const auto planned = plan_renewals(all, kPlanTime);
  ASSERT_EQ(planned.size(), 2U);
  EXPECT_EQ(planned[0].name, "z.example.test");
  EXPECT_EQ(planned[0].why, "nothing is served yet");
  EXPECT_TRUE(planned[0].is_emergency);
  EXPECT_TRUE(planned[1].is_due(kPlanTime));
}

TEST(PlanRenewals, WithoutAnIssuerNothingIsPlanned) {
  HeldState imported = held(89 * kDay, 90 * kDay);
  imported.want.issuers.clear();
  EXPECT_TRUE(plan_renewals(std::span(&imported, 1), kPlanTime).empty());
}

TEST(PlanRenewals, NearTheEndAnyIssuerWillDo) {
  EXPECT_FALSE(plan_one(held(80 * kDay, 90 * kDay)).is_emergency);
  EXPECT_TRUE(plan_one(held(87 * kDay, 90 * kDay)).is_emergency);
}

struct MismatchCase {
  const char* name;
  void (*change)(HeldState&);
  const char* why;
};

constexpr MismatchCase kMismatches[] = {
    {"AName", [](HeldState& state) { state.want.names.emplace_back("new.example.test"); },
     "its names have changed"},
    {"AKindOfKey", [](HeldState& state) { state.want.keys = {"p384"}; },
     "its kinds of keys have changed"},
    {"OneMoreKey",
     [](HeldState& state) {
       state.want.keys = {"p256", "rsa2048"};
     },
     "its kinds of keys have changed"},
    {"APlaceholder", [](HeldState& state) { state.served->reason = "placeholder"; },
     "a placeholder is served"}};

TEST(PlanRenewals, WhatIsNotAsWantedIsDueAtOnce) {
  for (const auto& [name, change, why] : kMismatches) {
    HeldState state = held(1h, 90 * kDay);
    change(state);
    const PlannedRenewal renewal = plan_one(state);
    EXPECT_TRUE(renewal.is_due(kPlanTime)) << name;
    EXPECT_EQ(renewal.why, why) << name;
  }
}

TEST(PlanRenewals, FewerNamesThanServedAreNoReason) {
  EXPECT_EQ(
      mismatch_of({.names = {"b.example.test"}, .issuers = {"le"}}, served_for(1h, 90 * kDay)), "");
}

TEST(PlanRenewals, AfterAFailureItWaits) {
  HeldState state = held(80 * kDay, 90 * kDay);
  state.failures = {.in_a_row = 2, .last = kPlanTime - 1min, .why = "busy"};
  const PlannedRenewal renewal = plan_one(state);
  EXPECT_FALSE(renewal.is_due(kPlanTime));
  EXPECT_EQ(renewal.at, kPlanTime - 1min + back_off(2));
  EXPECT_NE(renewal.why.find("again after 2 failures"), std::string::npos);
}

struct ShortCase {
  const char* title;
  seconds lifetime;
};

TEST(PlanRenewals, HoweverOftenItFailsItIsTriedUntilTheEnd) {
  const ShortCase rows[] = {
      {"ADay", 24h}, {"SixDays", 160h}, {"AnHour", 1h}, {"AMonth", 30 * kDay}};
  for (const auto& [title, lifetime] : rows) {
    HeldState state = held(0s, lifetime);
    const sys_seconds end = state.served->not_after();
    sys_seconds now = plan_one(state).at;
    seconds left = end - now;
    int tries = 0;
    while (left > 0s && tries < 1000) {
      ++tries;
      state.failures = {.in_a_row = tries, .last = now, .why = "busy"};
      const sys_seconds next = plan_renewals(std::span(&state, 1), now).front().at;
      ASSERT_GE(next, now + 1min) << title << " after " << tries;
      if (left > 2min) EXPECT_LT(next, end) << title << " after " << tries;
      now = next;
      left = end - now;
    }
    EXPECT_GE(tries, 20) << title;
    EXPECT_LT(tries, 100) << title;
  }
}

TEST(PlanRenewals, WhatHasEndedIsTriedEveryHour) {
  HeldState state = held(91 * kDay, 90 * kDay);
  state.failures = {.in_a_row = 40, .last = kPlanTime - 59min, .why = "busy"};
  EXPECT_EQ(plan_one(state).at, kPlanTime + 1min);
}

struct IssuersCase {
  const char* title;
  seconds age;  // of 90 days
  int failures;
  CaRestMap rests;
  std::map<std::string, sys_seconds, std::less<>> waits;
  std::vector<std::string> issuers;
  seconds at;  // from now
};

TEST(PlanRenewals, WhoeverIsToBeLeftAloneIsNotAsked) {
  const std::vector<std::string> both{"le", "own"};
  const IssuersCase rows[] = {
      {"FirstAlone", 80 * kDay, 0, {}, {}, {"le"}, 0s},
      {"AllAfterThreeFailures", 80 * kDay, 3, {}, {}, both, 0s},
      {"AllWhenLittleIsLeft", 89 * kDay, 0, {}, {}, both, 0s},
      {"FirstRests", 80 * kDay, 0, {{"le", {kPlanTime + 2min, 2}}}, {}, {"le"}, 2min},
      {"FirstIsAwayForLong", 80 * kDay, 0, {{"le", {kPlanTime + 5min, 3}}}, {}, {"own"}, 0s},
      {"BothRest",
       89 * kDay,
       0,
       {{"le", {kPlanTime + 5min, 3}}, {"own", {kPlanTime + 1min, 1}}},
       {},
       {"own"},
       1min},
      {"OneRests", 89 * kDay, 0, {{"le", {kPlanTime + 5min, 3}}}, {}, {"own"}, 0s},
      {"FirstAsksToWait", 80 * kDay, 1, {}, {{"le", kPlanTime + 2h}}, {"le"}, 2h},
      {"OneAsksToWait", 89 * kDay, 1, {}, {{"le", kPlanTime + 2h}}, {"own"}, 0s},
      {"FromAnotherTime", 80 * kDay, 1, {}, {{"le", kPlanTime + 25h}}, {"le"}, 0s},
      {"NotDueThen", 1h, 0, {{"le", {kPlanTime + 2min, 2}}}, {}, {"le"}, -1s},
  };
  for (const IssuersCase& row : rows) {
    HeldState state = held(row.age, 90 * kDay);
    state.failures = {.in_a_row = row.failures, .last = kPlanTime - kDay, .waits = row.waits};
    state.rests = row.rests;
    const PlannedRenewal renewal = plan_one(state);
    EXPECT_EQ(renewal.issuers, row.issuers) << row.title;
    if (row.at > 0s) {
      EXPECT_EQ(renewal.at, kPlanTime + row.at) << row.title;
      EXPECT_NE(renewal.why.find("is left alone until"), std::string::npos) << row.title;
    } else {
      EXPECT_EQ(renewal.is_due(kPlanTime), row.at == 0s) << row.title;
    }
  }
}

TEST(PlanRenewals, ARevokedKeyIsDueAtOnceFromAnyIssuer) {
  HeldState state = held(1h, 90 * kDay);
  state.is_revoked = true;
  const PlannedRenewal renewal = plan_one(state);
  EXPECT_TRUE(renewal.is_due(kPlanTime));
  EXPECT_TRUE(renewal.is_emergency);
}

}  // namespace
}  // namespace ravelin::certs
