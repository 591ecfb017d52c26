#include "certs/rotate/revoke_generation.h"

#include "certs/rotate/take_back.h"
#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using test::kRotated;
using test::RotationLab;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kCompromise = RevocationReason::key_compromise;

Result<RevocationResult> revoke(RotationLab& lab, RevocationRequest request) {
  request.name = kRotated;
  request.by = "root";
  return revoke_generation(lab.parts(), request, {});
}

std::string why(RotationLab& lab, const RevocationRequest& request) {
  const auto done = revoke(lab, request);
  return done ? "" : done.error().message;
}

std::vector<std::string> serials(const RotationLab& lab, std::uint64_t number) {
  const auto info = lab.store.info(kRotated, number);
  return info && info->ec ? std::vector<std::string>{info->ec->serial} : std::vector<std::string>();
}

TEST(RevokeGeneration, TheOneBeforeGoesBackToItsIssuer) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  const auto done = revoke(lab, {.reason = RevocationReason::superseded});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->number, 1U);
  EXPECT_EQ(done->serials, serials(lab, 1));
  EXPECT_THAT(done->keys, IsEmpty());
  ASSERT_THAT(lab.le.revoked, SizeIs(1));
  EXPECT_EQ(lab.le.revoked[0].second, RevocationReason::superseded);
  EXPECT_THAT(*lab.store.revoked_keys(), IsEmpty());
  EXPECT_THAT(lab.events(), ElementsAre("issue", "rotate", "revoke"));
  EXPECT_EQ(lab.store.history(kRotated).back().generation, 2U);
}

TEST(RevokeGeneration, NothingGoesBackToIt) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  ASSERT_TRUE(revoke(lab, {.reason = RevocationReason::superseded}));
  EXPECT_EQ(roll_back(lab.parts(), kRotated, 0, "root").error().message,
            "generation 1 was revoked at its CA: rotate instead");
  EXPECT_EQ(unfit_to_go_back(lab.parts(), kRotated, 1),
            "generation 1 was revoked at its CA: rotate instead");
  const auto taken = take_back(
      lab.parts(), {.name = kRotated, .from = 2, .to = 1, .why = "refused", .by = "gateway"});
  EXPECT_FALSE(taken);
  EXPECT_EQ(lab.state(kRotated).current, 2U);
}

TEST(RevokeGeneration, WhatTheCaDidNotTakeBackIsNotGoneBackToEither) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  lab.le.revokes = false;
  EXPECT_NE(why(lab, {.reason = RevocationReason::superseded}), "");
  EXPECT_FALSE(roll_back(lab.parts(), kRotated, 0, "root"));
  lab.le.revokes = true;
  EXPECT_EQ(why(lab, {.reason = RevocationReason::superseded}), "");
}

TEST(RevokeGeneration, ACompromisedKeyIsNeverServedAgain) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  const std::string key = lab.served_key();
  ASSERT_TRUE(lab.rotate("key-compromise"));
  const auto done = revoke(lab, {.reason = kCompromise});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->keys, ElementsAre(key));
  EXPECT_TRUE(lab.store.revoked_keys()->contains(key));
  EXPECT_THAT(roll_back(lab.parts(), kRotated, 1, "root").error().message,
              HasSubstr("E_KEY_COMPROMISED"));
}

TEST(RevokeGeneration, WhatIsServedIsKeptUnlessForced) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(why(lab, {.number = 2}),
            "generation 2 of \"www.example.test\" is the one served: rotate first (ravelin certs "
            "rotate www.example.test), or --force");
  EXPECT_THAT(why(lab, {.number = 2, .reason = kCompromise}),
              HasSubstr("--because key-compromise"));
  EXPECT_THAT(lab.le.revoked, IsEmpty());
  EXPECT_THAT(*lab.store.revoked_keys(), IsEmpty());
  EXPECT_EQ(why(lab, {.number = 2, .is_forced = true}), "");
  EXPECT_THAT(lab.le.revoked, SizeIs(1));
}

TEST(RevokeGeneration, TheKeyThatIsServedIsKeptToo) {
  RotationLab lab;
  lab.want.pins_key = true;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate("renewal"));
  EXPECT_THAT(why(lab, {.reason = kCompromise}), HasSubstr("has the same key"));
  EXPECT_THAT(*lab.store.revoked_keys(), IsEmpty());
  EXPECT_EQ(why(lab, {.reason = RevocationReason::superseded}), "");
}

TEST(RevokeGeneration, WhenTheCaFailsTheKeysAreBarredAndItGoesOnLater) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate("key-compromise"));
  lab.le.revokes = false;
  EXPECT_EQ(why(lab, {.reason = kCompromise}),
            "its keys are never served again, but the certificate is not yet revoked: issuer le: "
            "nothing is revoked here today");
  EXPECT_THAT(*lab.store.revoked_keys(), SizeIs(1));
  lab.le.revokes = true;
  EXPECT_EQ(why(lab, {.reason = kCompromise}), "");
  EXPECT_THAT(*lab.store.revoked_keys(), SizeIs(1));
  EXPECT_THAT(lab.events(), ElementsAre("issue", "key-compromise", "revoke", "revoke"));
}

TEST(RevokeGeneration, WithoutACompromiseAFailureIsNoEvent) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  lab.le.revokes = false;
  EXPECT_EQ(
      why(lab, {}),
      "nothing goes back to it, but the certificate is not yet revoked: issuer le: nothing is "
      "revoked here today");
  EXPECT_THAT(lab.events(), ElementsAre("issue", "rotate"));
}

TEST(RevokeGeneration, WhatWasImportedHasOnlyItsKeyBarred) {
  RotationLab lab;
  Generation generation = test::make_generation({{}});
  ASSERT_TRUE(import_certificate(lab.parts(), kRotated, std::move(generation), "root"));
  ASSERT_TRUE(lab.rotate());
  EXPECT_THAT(why(lab, {}), HasSubstr("was imported"));
  const auto done = revoke(lab, {.reason = kCompromise});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->serials, IsEmpty());
  EXPECT_THAT(done->keys, SizeIs(1));
}

TEST(RevokeGeneration, ThereHasToBeOne) {
  RotationLab lab;
  EXPECT_THAT(why(lab, {}), HasSubstr("has no certificate"));
  ASSERT_TRUE(lab.rotate("issue"));
  EXPECT_THAT(why(lab, {}), HasSubstr("no generation before 1"));
  EXPECT_THAT(why(lab, {.number = 9}), HasSubstr("no generation 9"));
}

}  // namespace
}  // namespace ravelin::certs
