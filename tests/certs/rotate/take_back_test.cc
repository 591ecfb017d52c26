#include "certs/rotate/take_back.h"

#include "certs/rotate/plan.h"
#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using test::kRotated;
using test::RotationLab;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Generations 1 and 2, of which 2 is served.
void rotate_twice(RotationLab& lab) {
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate("renewal"));
}

auto take_back(RotationLab& lab, std::uint64_t from = 2, std::uint64_t to = 1) {
  return take_back(lab.parts(), {kRotated, from, to, "they refuse it", "watch"});
}

TEST(TakeBack, ServesTheOneBeforeAndSaysWhy) {
  RotationLab lab;
  rotate_twice(lab);
  const auto done = take_back(lab);
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_TRUE(*done);
  EXPECT_EQ((*done)->number, 1U);
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_THAT(lab.events(), ElementsAre("issue", "renewal", "refused", "rollback"));
  const auto history = lab.store.history(kRotated);
  EXPECT_EQ(history[2].generation, 2U);
  EXPECT_EQ(history[2].detail, "they refuse it");
  EXPECT_EQ(history[2].by, "watch");
  EXPECT_EQ(history[3].detail, "generation 2 -> 1");
}

TEST(TakeBack, OnceForEachGeneration) {
  RotationLab lab;
  rotate_twice(lab);
  ASSERT_TRUE(*take_back(lab));
  ASSERT_TRUE(roll_back(lab.parts(), kRotated, 2, "root"));
  const auto again = take_back(lab);
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  EXPECT_EQ(lab.state(kRotated).current, 2U);
}

TEST(TakeBack, NotWhenAnotherIsServedByNow) {
  RotationLab lab;
  rotate_twice(lab);
  ASSERT_TRUE(lab.rotate());
  const auto done = take_back(lab);
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
  EXPECT_EQ(lab.state(kRotated).current, 3U);
}

TEST(TakeBack, RespectsTheLease) {
  RotationLab lab;
  rotate_twice(lab);
  const auto held = lab.lease(kRotated);
  EXPECT_EQ(take_back(lab).error().code, Errc::conflict);
}

TEST(TakeBack, NeverToOneThatHasEndedOrWasRevoked) {
  RotationLab lab;
  lab.serve({{.names = {kRotated},
              .not_before = test::kNow - std::chrono::hours(48),
              .not_after = test::kNow - std::chrono::hours(1)}});
  ASSERT_TRUE(lab.rotate());
  EXPECT_THAT(take_back(lab).error().message, StartsWith("generation 1 ended"));
  EXPECT_THAT(unfit_to_go_back(lab.parts(), kRotated, 1), StartsWith("generation 1 ended"));
  const std::string key = lab.served_key();
  ASSERT_TRUE(lab.rotate());
  ASSERT_TRUE(lab.store.revoke_key(key));
  EXPECT_THAT(take_back(lab, 3, 2).error().message, StartsWith("E_KEY_COMPROMISED"));
  EXPECT_THAT(unfit_to_go_back(lab.parts(), kRotated, 2), StartsWith("E_KEY_COMPROMISED"));
  EXPECT_EQ(lab.state(kRotated).current, 3U);
}

TEST(TakeBack, UnfitAreAlsoNoneAndAPlaceholder) {
  RotationLab lab;
  EXPECT_EQ(unfit_to_go_back(lab.parts(), kRotated, 0), "there is none before it");
  ASSERT_TRUE(lab.rotate("placeholder"));
  ASSERT_TRUE(lab.rotate());
  ASSERT_TRUE(lab.rotate());
  EXPECT_THAT(unfit_to_go_back(lab.parts(), kRotated, 1), HasSubstr("only stood in"));
  EXPECT_EQ(unfit_to_go_back(lab.parts(), kRotated, 2), "");
}

TEST(TakeBack, KnowsWhatWasChosen) {
  RotationLab lab;
  rotate_twice(lab);
  EXPECT_FALSE(was_chosen(lab.store.history(kRotated), 2));
  ASSERT_TRUE(*take_back(lab));
  EXPECT_TRUE(was_taken_back(lab.store.history(kRotated), 2));
  EXPECT_FALSE(was_taken_back(lab.store.history(kRotated), 1));
  EXPECT_TRUE(was_chosen(lab.store.history(kRotated), 1));
  ASSERT_TRUE(lab.rotate());
  EXPECT_FALSE(was_chosen(lab.store.history(kRotated), 3));
}

// Or a CA would be asked for another every minute.
TEST(TakeBack, WhatIsRefusedIsNotOrderedAgainSoon) {
  RotationLab lab;
  rotate_twice(lab);
  ASSERT_TRUE(*take_back(lab));
  Failures failures = failures_in(lab.store.history(kRotated));
  EXPECT_EQ(failures.in_a_row, 1);
  EXPECT_EQ(failures.refused, 1);
  EXPECT_EQ(failures.why, "they refuse it");
  ASSERT_TRUE(lab.rotate("renewal"));
  EXPECT_EQ(failures_in(lab.store.history(kRotated)).in_a_row, 0);
  ASSERT_TRUE(*take_back(lab, 3, 1));
  failures = failures_in(lab.store.history(kRotated));
  EXPECT_EQ(failures.in_a_row, 2);
  EXPECT_EQ(failures.refused, 2);
  const HeldState held{.name = kRotated, .want = lab.want, .failures = failures};
  const auto plan = plan_renewals(std::span(&held, 1), failures.last);
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan.front().at - failures.last, std::chrono::hours(12));
}

// ---- canaries ----

RotationOutcome try_one(RotationLab& lab, const std::string& reason = "rotate") {
  RotationRequest request{kRotated, lab.want, reason, "root"};
  request.canary = CanaryWish{500, std::chrono::minutes(10)};
  return rotate_certificate(lab.parts(), request, {});
}

TEST(TakeBackCanary, IsKeptBesideWhatIsServed) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  const auto tried = try_one(lab);
  ASSERT_TRUE(tried) << tried.error().error.message;
  EXPECT_EQ(tried->info.number, 2U);
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_FALSE(lab.state(kRotated).has_pending);
  const auto canary = find_canary(lab.store, kRotated);
  ASSERT_TRUE(canary);
  EXPECT_EQ(canary->generation, 2U);
  EXPECT_EQ(canary->beside, 1U);
  EXPECT_EQ(canary->share, 500U);
  EXPECT_THAT(lab.events(), ElementsAre("issue", "canary"));
}

TEST(TakeBackCanary, NeedsSomethingToStandBeside) {
  RotationLab lab;
  const auto tried = try_one(lab);
  ASSERT_FALSE(tried);
  EXPECT_THAT(tried.error().error.message, HasSubstr("is served yet"));
  EXPECT_EQ(lab.le.asked(), 0U);
}

TEST(TakeBackCanary, IsNotForKeysInOtherHands) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  const auto tried = try_one(lab, "key-compromise");
  ASSERT_FALSE(tried);
  EXPECT_THAT(tried.error().error.message, HasSubstr("for all clients at once"));
  EXPECT_EQ(lab.le.asked(), 1U);
}

TEST(TakeBackCanary, IsFinishedForAll) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(try_one(lab));
  const auto done = finish_canary(lab.parts(), kRotated, "root");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(lab.state(kRotated).current, 2U);
  EXPECT_FALSE(find_canary(lab.store, kRotated));
  EXPECT_THAT(lab.events(), ElementsAre("issue", "canary", "rotate"));
  EXPECT_EQ(lab.store.history(kRotated).back().detail,
            "generation 1 -> 2, tried on 5% of the clients");
  EXPECT_EQ(finish_canary(lab.parts(), kRotated, "root").error().code, Errc::not_found);
}

TEST(TakeBackCanary, IsGivenUpForAll) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(try_one(lab));
  ASSERT_TRUE(give_up_canary(lab.parts(), kRotated, "they refuse it", "watch"));
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_FALSE(find_canary(lab.store, kRotated));
  EXPECT_THAT(lab.events(), ElementsAre("issue", "canary", "refused", "canary"));
  EXPECT_EQ(failures_in(lab.store.history(kRotated)).refused, 1);
}

TEST(TakeBackCanary, ChangesItsShareAndKeepsItsClock) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(try_one(lab));
  const auto before = find_canary(lab.store, kRotated);
  ASSERT_TRUE(change_canary(lab.parts(), kRotated, {.share = 5000}, "root"));
  const auto after = find_canary(lab.store, kRotated);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->share, 5000U);
  EXPECT_EQ(after->since, before->since);
  EXPECT_EQ(after->lasts.count(), 0);
  EXPECT_EQ(change_canary(lab.parts(), "b.example.test", {.share = 5000}, "root").error().code,
            Errc::not_found);
}

TEST(TakeBackCanary, AnyOtherChangeEndsIt) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  ASSERT_TRUE(try_one(lab));
  ASSERT_TRUE(roll_back(lab.parts(), kRotated, 0, "root"));
  EXPECT_FALSE(find_canary(lab.store, kRotated));
  ASSERT_TRUE(try_one(lab));
  ASSERT_TRUE(lab.rotate());
  EXPECT_FALSE(find_canary(lab.store, kRotated));
  EXPECT_EQ(lab.state(kRotated).current, 5U);
}

}  // namespace
}  // namespace ravelin::certs
