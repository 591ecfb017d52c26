#include "certs/rotate/renewer.h"

#include "certs/rotate/revoke_generation.h"
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

TEST(Renewer, ARevokedCertificateIsReplaced) {
  RotationLab lab;
  Renewer renewer(lab.parts(), {wanted({"le"})}, {});
  EXPECT_EQ(renewer.look({}), 1U);
  ASSERT_TRUE(revoke_generation(
      lab.parts(), {.name = kRotated, .number = 1, .by = "root", .is_forced = true}, {}));
  EXPECT_EQ(renewer.look({}), 1U);
  EXPECT_EQ(lab.state(kRotated).current, 2U);
  EXPECT_EQ(renewer.look({}), 0U);
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

CertificateConfig named(std::string name, std::vector<std::string> issuers) {
  return {.name = std::move(name), .issuers = std::move(issuers)};
}

struct StillRenewer {
  explicit StillRenewer(RotationLab& lab, std::vector<CertificateConfig> wanted,
                        RenewerOptions options = {})
      : renewer(
            [&] {
              RotationParts parts = lab.parts();
              parts.now = [this] { return now; };
              return parts;
            }(),
            std::move(wanted), std::move(options)) {}

  std::size_t look_after(seconds wait) {
    now += wait;
    return renewer.look({});
  }

  base::WallTime now = test::kNow;
  Renewer renewer;
};

TEST(Renewer, ACaThatIsAwayIsAskedOnceAndKeepsNobodyElseWaiting) {
  RotationLab lab;
  lab.le.answer = FakeIssuer::Answer::away;
  std::vector<CertificateConfig> wanted{named("z.example.test", {"dev"})};
  for (int i = 0; i < 5; ++i)
    wanted.push_back(named(fmt::format("n{}.example.test", i), {"le"}));
  RenewerOptions options;
  options.orders_per_look = 2;
  StillRenewer still(lab, std::move(wanted), std::move(options));
  EXPECT_EQ(still.look_after(seconds(0)), 1U);
  EXPECT_EQ(lab.le.asked(), 1U);
  EXPECT_EQ(lab.state("z.example.test").current, 1U);
  EXPECT_EQ(still.look_after(seconds(59)), 0U);
  EXPECT_EQ(lab.le.asked(), 1U);
  EXPECT_THAT(still.renewer.states()[1].planned.why, testing::HasSubstr("le is left alone until"));
  EXPECT_EQ(still.look_after(seconds(1)), 0U);
  EXPECT_EQ(lab.le.asked(), 2U);
  lab.le.answer = FakeIssuer::Answer::chain;
  EXPECT_EQ(still.look_after(seconds(120)), 2U);  // as many as one look may order
  EXPECT_EQ(still.look_after(seconds(1)), 2U);
}

TEST(Renewer, WhatCannotBeReadIsNoReasonToOrder) {
  for (const std::string& folder : {std::string(), std::string("/gen/000001")}) {
    RotationLab lab;
    ASSERT_TRUE(lab.rotate("issue"));
    const std::string path = lab.path("gateway/certs/" + kRotated + folder);
    std::filesystem::permissions(path, std::filesystem::perms(0750));
    StillRenewer still(lab, {wanted({"le"})});
    still.look_after(seconds(0));
    EXPECT_EQ(lab.le.asked(), 1U) << path;
    EXPECT_TRUE(still.renewer.states().empty()) << path;
    std::filesystem::permissions(path, std::filesystem::perms(0700));
    still.look_after(std::chrono::minutes(5));
    EXPECT_EQ(still.renewer.states().size(), 1U) << path;
    EXPECT_EQ(lab.le.asked(), 1U) << path;
  }
}

TEST(Renewer, WhatIsDamagedIsOrderedAnew) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  std::filesystem::remove(lab.path("gateway/certs/" + kRotated + "/gen/000001/meta.json"));
  StillRenewer still(lab, {wanted({"le"})});
  EXPECT_EQ(still.look_after(seconds(0)), 1U);
}

TEST(Renewer, AFailureTheHistoryHasNotGotWaitsAsWell) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  const std::string want = lab.path("gateway/certs/" + kRotated + "/want.json");
  std::filesystem::remove(want);
  std::filesystem::create_directory(want);
  CertificateConfig more = wanted({"le"});
  more.also = {"b.example.test", "c.example.test"};  // due at once
  StillRenewer still(lab, {more});
  const auto fence = [&lab] { return lab.lease(kRotated)->fence(); };
  const std::uint64_t before = fence();
  still.look_after(seconds(0));
  still.look_after(seconds(59));
  EXPECT_EQ(fence(), before + 2);  // once, and once for this question
  still.look_after(seconds(1));
  still.look_after(seconds(119));
  EXPECT_EQ(fence(), before + 4);
  EXPECT_EQ(still.renewer.states().front().failures.in_a_row, 2);
  std::filesystem::remove(want);
  EXPECT_EQ(still.look_after(seconds(1)), 1U);
}

TEST(Renewer, WhereOneCaIsAwayAnotherSignsThatIsWanted) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  lab.le.answer = FakeIssuer::Answer::away;
  std::vector<CertificateConfig> all{named("n0.example.test", {"le"}), wanted()};
  all.back().also = {"b.example.test", "c.example.test"};  // due at once, no emergency
  StillRenewer still(lab, std::move(all));
  still.look_after(seconds(0));
  EXPECT_EQ(lab.dev.asked(), 0U);
  still.look_after(seconds(60));
  EXPECT_EQ(lab.dev.asked(), 0U);
  EXPECT_EQ(still.look_after(seconds(120)), 1U);  // away for the third time
  EXPECT_EQ(lab.dev.asked(), 1U);
}

TEST(Renewer, WhatIsDueGoesBeforeQuestionsForWindows) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  std::vector<std::string> happened;
  lab.le.at = [&happened](const std::string& at) { happened.push_back(at); };
  Renewer(lab.parts(), {wanted(), named("z.example.test", {"le"})}, {}).look({});
  EXPECT_THAT(happened, ElementsAre("placed", "signed", "window", "window"));
}

TEST(Renewer, OneThatDoesNotSayWindowsIsAskedOnceAndStillSigns) {
  RotationLab lab;
  std::vector<CertificateConfig> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(named(fmt::format("n{}.example.test", i), {"le"}));
  Renewer(lab.parts(), all, {}).look({});
  lab.le.says_windows = false;
  lab.le.windows_asked = 0;
  all.push_back(named("new.example.test", {"le"}));
  StillRenewer still(lab, std::move(all));
  EXPECT_EQ(still.look_after(seconds(0)), 1U);
  EXPECT_EQ(lab.le.windows_asked, 1U);
  still.look_after(seconds(59));
  EXPECT_EQ(lab.le.windows_asked, 1U);
  still.look_after(seconds(1));
  EXPECT_EQ(lab.le.windows_asked, 2U);
  lab.le.says_windows = true;
  still.look_after(seconds(120));
  EXPECT_EQ(lab.le.windows_asked, 8U);
}

TEST(Renewer, ItWaitsAsLongAsTheCaAsksForAlsoAfterARestart) {
  RotationLab lab;
  lab.le.answer = FakeIssuer::Answer::too_busy;
  lab.le.retry_after = std::chrono::hours(2);
  StillRenewer(lab, {wanted({"le"})}).look_after(seconds(0));
  ASSERT_EQ(lab.le.asked(), 1U);
  EXPECT_THAT(lab.store.history(kRotated).back().detail,
              testing::HasSubstr("it asks to wait until"));
  StillRenewer still(lab, {wanted({"le"})});
  still.look_after(seconds(7199));
  EXPECT_EQ(lab.le.asked(), 1U);
  still.look_after(seconds(1));
  EXPECT_EQ(lab.le.asked(), 2U);
}

TEST(Renewer, AnotherIssuerNeedNotWaitForWhatOneAsksFor) {
  RotationLab lab;
  lab.le.answer = FakeIssuer::Answer::too_busy;
  lab.le.retry_after = std::chrono::hours(2);
  lab.dev.answer = FakeIssuer::Answer::garbage;
  StillRenewer still(lab, {wanted()});  // nothing is served: all are asked
  still.look_after(seconds(0));
  lab.dev.answer = FakeIssuer::Answer::chain;
  EXPECT_EQ(still.look_after(std::chrono::minutes(2)), 1U);
  EXPECT_EQ(lab.le.asked(), 1U);
}

}  // namespace
}  // namespace ravelin::certs
