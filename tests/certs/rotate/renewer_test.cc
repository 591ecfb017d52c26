#include "certs/rotate/renewer.h"

#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

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

TEST(Renewer, ReadsWhatHasNotChangedNoMore) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  Renewer renewer(lab.parts(), {wanted({"le"})}, {});
  renewer.look({});
  ASSERT_EQ(renewer.states().size(), 1U);
  // Whoever reads it now finds nothing served, and would order.
  std::filesystem::remove(lab.path("gateway/certs/" + kRotated + "/current"));
  EXPECT_EQ(renewer.look({}), 0U);
  EXPECT_EQ(lab.le.asked(), 1U);
}

TEST(Renewer, LooksAtWhatTheJournalNames) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  Renewer renewer(lab.parts(), {}, {});
  renewer.look({});
  const sys_seconds first = renewer.states().front().planned.not_after;
  lab.serve(
      {{.names = {kRotated, "b.example.test"}, .not_after = test::kNow + std::chrono::days(5)}});
  renewer.look({});
  ASSERT_EQ(renewer.states().size(), 1U);
  EXPECT_LT(renewer.states().front().planned.not_after, first);
}

TEST(Renewer, AllIsReadAgainAfterSomeHours) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  base::WallTime now = test::kNow;
  RotationParts parts = lab.parts();
  parts.now = [&now] { return now; };
  Renewer renewer(std::move(parts), {wanted({"le"})}, {});
  renewer.look({});
  std::filesystem::remove(lab.path("gateway/certs/" + kRotated + "/current"));
  now += std::chrono::hours(5);
  EXPECT_EQ(renewer.look({}), 0U);
  now += std::chrono::hours(1);
  EXPECT_EQ(renewer.look({}), 1U);
}

TEST(Renewer, AClockThatIsSetBackMakesNothingWait) {
  RotationLab lab;
  base::WallTime now = test::kNow + std::chrono::hours(24 * 365);
  RotationParts parts = lab.parts();
  parts.now = [&now] { return now; };
  Renewer renewer(std::move(parts), {wanted({"le"})}, {});
  renewer.look({});  // a year ahead
  now = test::kNow;
  renewer.look({});
  ASSERT_NE(lab.store.state(kRotated)->current, 0U);
  std::filesystem::remove(lab.path("gateway/certs/" + kRotated + "/current"));
  now += std::chrono::hours(7);
  EXPECT_EQ(renewer.look({}), 1U);
}

TEST(Renewer, ARemovedCertificateIsForgotten) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  Renewer renewer(lab.parts(), {}, {});
  renewer.look({});
  ASSERT_EQ(renewer.states().size(), 1U);
  ASSERT_TRUE(lab.store.remove(*lab.lease(kRotated), kRotated));
  renewer.look({});
  EXPECT_TRUE(renewer.states().empty());
}

TEST(Renewer, WhatIsWantedAndRemovedIsOrderedAnew) {
  RotationLab lab;
  Renewer renewer(lab.parts(), {wanted({"le"})}, {});
  EXPECT_EQ(renewer.look({}), 1U);
  ASSERT_TRUE(lab.store.remove(*lab.lease(kRotated), kRotated));
  EXPECT_EQ(renewer.look({}), 1U);
}

TEST(Renewer, ARevokedKeyIsReplaced) {
  RotationLab lab;
  Renewer renewer(lab.parts(), {wanted({"le"})}, {});
  EXPECT_EQ(renewer.look({}), 1U);
  const std::string key = lab.served_key();
  ASSERT_TRUE(lab.store.revoke_key(key));
  EXPECT_EQ(renewer.look({}), 1U);
  EXPECT_NE(lab.served_key(), key);
}

TEST(Renewer, WhatTheConfigurationNoLongerWantsIsTheStoresToSay) {
  RotationLab lab;
  std::optional<std::vector<CertificateConfig>> next;
  RenewerOptions options;
  options.changed = [&next] { return std::exchange(next, std::nullopt); };
  CertificateConfig never = wanted({"le"});
  never.name = "never.example.test";
  lab.le.answer = FakeIssuer::Answer::too_busy;
  Renewer renewer(lab.parts(), {never}, std::move(options));
  renewer.look({});
  ASSERT_EQ(renewer.states().size(), 1U);
  ASSERT_TRUE(lab.store.remove(*lab.lease("never.example.test"), "never.example.test"));
  next = std::vector<CertificateConfig>{};
  renewer.look({});
  EXPECT_TRUE(renewer.states().empty());
}

TEST(Renewer, ShowsTheSoonestAloneAndWhoComesNextWhenTheyAreRenewed) {
  RotationLab lab;
  for (int i = 0; i < 6; ++i) {
    const std::string name = fmt::format("n{}.example.test", i);
    lab.serve({{.names = {name}, .not_after = test::kNow + std::chrono::days(20 + i)}});
    ASSERT_TRUE(lab.store.set_want(*lab.lease(name), name, {.names = {name}, .issuers = {"le"}}));
  }
  RenewerOptions options;
  options.states_max = 2;
  Renewer renewer(lab.parts(), {}, std::move(options));
  renewer.look({});
  const auto shown = [&renewer] {
    std::vector<std::string> names;
    for (const RenewalState& state : renewer.states())
      names.push_back(state.planned.name);
    return names;
  };
  EXPECT_THAT(shown(), ElementsAre("n0.example.test", "n1.example.test"));
  lab.serve({{.names = {"n0.example.test"}, .not_after = test::kNow + std::chrono::days(80)}});
  renewer.look({});
  EXPECT_THAT(shown(), ElementsAre("n1.example.test", "n2.example.test"));
  EXPECT_EQ(renewer.states().front().planned.why, "two thirds of its lifetime are over");
}

}  // namespace
}  // namespace ravelin::certs
