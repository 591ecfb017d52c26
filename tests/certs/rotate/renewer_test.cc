#include "certs/rotate/renewer.h"

#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using test::FakeIssuer;
using test::kRotated;
using test::RotationLab;
using testing::ElementsAre;

CertificateConfig wanted(std::vector<std::string> issuers = {"le", "dev"}) {
  return {.name = kRotated, .issuers = std::move(issuers)};
}

TEST(Renewer, OrdersWhatIsMissingAndThenNothing) {
  RotationLab lab;
  Renewer renewer(lab.parts(), {wanted()}, {});
  EXPECT_EQ(renewer.look({}), 1U);
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_EQ(renewer.look({}), 0U);
  EXPECT_THAT(lab.events(), ElementsAre("issue"));
  ASSERT_EQ(renewer.states().size(), 1U);
  EXPECT_EQ(renewer.states().front().planned.name, kRotated);
}

TEST(Renewer, WhatHasNothingAsksEveryIssuer) {
  RotationLab lab;
  lab.le.answer = FakeIssuer::Answer::too_busy;
  Renewer renewer(lab.parts(), {wanted()}, {});
  EXPECT_EQ(renewer.look({}), 1U);
  EXPECT_EQ(lab.dev.asked(), 1U);
}

TEST(Renewer, AFailureWaitsForItsTurn) {
  RotationLab lab;
  lab.le.answer = FakeIssuer::Answer::too_busy;
  Renewer renewer(lab.parts(), {wanted({"le"})}, {});
  EXPECT_EQ(renewer.look({}), 0U);
  EXPECT_EQ(renewer.look({}), 0U);
  EXPECT_EQ(lab.le.asked(), 1U);
  EXPECT_EQ(renewer.states().front().failures.in_a_row, 1);
}

TEST(Renewer, AWindowThatIsOverIsDueAndNamesWhatItReplaces) {
  RotationLab lab;
  lab.le.window = RenewalWindow{test::kNow + std::chrono::hours(24),
                                test::kNow + std::chrono::hours(48), "", std::chrono::hours(1)};
  Renewer(lab.parts(), {wanted()}, {}).look({});
  Renewer renewer(lab.parts(), {wanted()}, {});
  EXPECT_EQ(renewer.look({}), 0U);
  lab.le.window =
      RenewalWindow{test::kNow - std::chrono::hours(48), test::kNow - std::chrono::hours(24)};
  RotationParts later = lab.parts();
  later.now = [] { return test::kNow + std::chrono::hours(1); };
  Renewer next(std::move(later), {wanted()}, {});
  EXPECT_EQ(next.look({}), 1U);
  EXPECT_NE(lab.le.last.replaces, "");
  EXPECT_THAT(next.states().front().planned.why, testing::StartsWith("the CA asks for it between"));
}

TEST(Renewer, WhatTheStoreRemembersIsRenewedWithoutAConfiguration) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  auto info = lab.store.info(kRotated, 1);
  ASSERT_TRUE(info);
  RotationParts later = lab.parts();
  later.now = [end = info->not_after()] { return base::WallTime(end) - std::chrono::minutes(1); };
  Renewer renewer(std::move(later), {}, {});
  renewer.look({});
  EXPECT_EQ(lab.le.asked(), 2U);
}

TEST(Renewer, TakesOverAChangedConfigurationAtTheNextLook) {
  RotationLab lab;
  std::optional<std::vector<CertificateConfig>> next;
  RenewerOptions options;
  options.changed = [&next] { return std::exchange(next, std::nullopt); };
  Renewer renewer(lab.parts(), {}, std::move(options));
  EXPECT_EQ(renewer.look({}), 0U);
  next = {wanted()};
  EXPECT_EQ(renewer.look({}), 1U);
}

TEST(Renewer, AnotherHolderIsNoFailure) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  const auto other = lab.lease(kRotated);
  CertificateConfig more = wanted();
  more.also = {"b.example.test", "c.example.test"};  // due at once
  Renewer renewer(lab.parts(), {more}, {});
  EXPECT_EQ(renewer.look({}), 0U);
  EXPECT_THAT(lab.events(), ElementsAre("issue"));
}

}  // namespace
}  // namespace ravelin::certs
