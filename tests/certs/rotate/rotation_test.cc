#include "certs/rotate/rotation.h"

#include "base/io/file.h"
#include "certs/rotate/plan.h"
#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using test::FakeIssuer;
using test::kRotated;
using test::RotationLab;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Answer = FakeIssuer::Answer;

TEST(Rotation, ServesWhatTheIssuerSigned) {
  RotationLab lab;
  lab.want.profile = "short";
  const auto outcome = lab.rotate("issue");
  ASSERT_TRUE(outcome) << outcome.error().error.message;
  EXPECT_EQ(outcome->before, 0U);
  EXPECT_EQ(outcome->info.number, 1U);
  EXPECT_EQ(*lab.store.info(kRotated, 1), outcome->info);
  EXPECT_THAT(outcome->info.names, ElementsAre(kRotated, "b.example.test"));
  EXPECT_EQ(outcome->info.issuer, "le");
  EXPECT_EQ(outcome->info.reason, "issue");
  EXPECT_EQ(outcome->info.by, "root");
  EXPECT_EQ(outcome->info.made, std::chrono::floor<std::chrono::seconds>(test::kNow));
  EXPECT_EQ(outcome->info.ec->order, "le-1");
  EXPECT_EQ(lab.le.last.names, lab.want.names);
  EXPECT_EQ(lab.le.last.profile, "short");
  const CertificateState state = lab.state(kRotated);
  EXPECT_EQ(state.current, 1U);
  EXPECT_FALSE(state.has_pending);
  EXPECT_EQ(*lab.store.want(kRotated), lab.want);
  ASSERT_EQ(lab.store.history(kRotated).size(), 1U);
  EXPECT_EQ(lab.store.history(kRotated).front().detail, "generation 0 -> 1, le");
  EXPECT_THAT(lab.steps,
              ElementsAre("lease of www.example.test (fence 1)", "p256 key, signed by le",
                          "checked, and shaken hands with in memory: 2 names, TLS 1.2 and 1.3"));
}

TEST(Rotation, EachHasANewKeyAndKeepsTheOneBefore) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  const std::string first = lab.served_key();
  const auto outcome = lab.rotate();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->before, 1U);
  EXPECT_NE(lab.served_key(), first);
  EXPECT_EQ(lab.state(kRotated).previous, 1U);
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1", "le-2"));
  EXPECT_THAT(lab.events(), ElementsAre("issue", "rotate"));
}

TEST(Rotation, OldGenerationsGo) {
  RotationLab lab;
  for (int i = 0; i < 7; ++i)
    ASSERT_TRUE(lab.rotate());
  EXPECT_THAT(lab.state(kRotated).generations, ElementsAre(3U, 4U, 5U, 6U, 7U));
}

struct BadAnswer {
  const char* title;
  Answer answer;
  const char* why;
  bool is_pending;  // the order goes on next time
};

TEST(Rotation, WhatIsServedStaysWhenTheIssuerFails) {
  const BadAnswer rows[] = {
      {"OtherNames", Answer::other_names,
       "issuer le: what the issuer sent is refused: E_SAN_COVERAGE: ", false},
      {"OtherKey", Answer::other_key,
       "issuer le: what the issuer sent is refused: E_KEY_MISMATCH: ", false},
      {"Garbage", Answer::garbage,
       "issuer le: what the issuer sent is refused: E_CERT_PARSE: ", false},
      {"TooBusy", Answer::too_busy, "issuer le: too many requests", true},
      {"Forbidden", Answer::forbidden, "issuer le: CAA forbids it", true},
  };
  for (const BadAnswer& row : rows) {
    RotationLab lab;
    ASSERT_TRUE(lab.rotate("issue"));
    const std::string before = lab.served_key();
    lab.le.answer = row.answer;
    const auto outcome = lab.rotate();
    ASSERT_FALSE(outcome) << row.title;
    EXPECT_THAT(outcome.error().error.message, StartsWith(row.why)) << row.title;
    EXPECT_EQ(outcome.error().retry_after.has_value(), row.answer == Answer::too_busy) << row.title;
    EXPECT_EQ(lab.state(kRotated).current, 1U) << row.title;
    EXPECT_EQ(lab.served_key(), before) << row.title;
    EXPECT_EQ(lab.state(kRotated).has_pending, row.is_pending) << row.title;
    EXPECT_THAT(lab.events(), ElementsAre("issue", "failed")) << row.title;
    // And it is not spoilt for the next time.
    lab.le.answer = Answer::chain;
    EXPECT_EQ(lab.why(), "") << row.title;
    EXPECT_EQ(lab.le.placed().size(), row.is_pending ? 2U : 3U) << row.title;
  }
}

TEST(Rotation, TheCasWishIsPassedOn) {
  RotationLab lab;
  lab.le.answer = Answer::too_busy;
  const auto outcome = lab.rotate();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().retry_after, std::chrono::seconds(90));
}

TEST(Rotation, TheNextIssuerTakesOver) {
  RotationLab lab;
  lab.want.issuers = {"le", "dev"};
  lab.le.answer = Answer::forbidden;
  const auto outcome = lab.rotate();
  ASSERT_TRUE(outcome) << outcome.error().error.message;
  EXPECT_EQ(outcome->info.issuer, "dev");
  EXPECT_EQ(outcome->info.ec->order, "dev-1");
  // The key that the other CA has seen is not used.
  EXPECT_NE(lab.le.keys().front(), lab.dev.keys().front());
  EXPECT_THAT(lab.events(), ElementsAre("failed", "rotate"));
  EXPECT_FALSE(lab.state(kRotated).has_pending);
}

TEST(Rotation, WhatOneNeverSignsIsTheOthersTurnAtOnce) {
  RotationLab lab;
  lab.want.issuers = {"le", "dev"};
  lab.le.answer = Answer::forbidden;
  RotationRequest request{kRotated, lab.want, "renewal", "scheduler"};
  request.issuers = {"le"};
  const auto outcome = rotate_certificate(lab.parts(), request, {});
  ASSERT_TRUE(outcome) << outcome.error().error.message;
  EXPECT_EQ(outcome->info.issuer, "dev");
  EXPECT_THAT(lab.events(), ElementsAre("failed", "renewal"));
}

TEST(Rotation, APlaceholderIsNobodysButTheOwnCas) {
  RotationLab lab;
  lab.want.issuers = {"le", "dev"};
  lab.dev.answer = Answer::forbidden;
  RotationRequest request{kRotated, lab.want, std::string(kPlaceholder), "start-up"};
  request.issuers = {"dev"};
  EXPECT_FALSE(rotate_certificate(lab.parts(), request, {}));
  EXPECT_EQ(lab.le.asked(), 0U);
}

TEST(Rotation, HowEachIssuerDidIsTold) {
  RotationLab lab;
  lab.want.issuers = {"none", "le", "dev"};
  lab.le.answer = Answer::away;
  RotationParts parts = lab.parts();
  std::vector<std::string> told;
  parts.asked = [&told](const std::string& issuer, const IssueFailure* failure) {
    told.push_back(issuer + (failure == nullptr ? "" : failure->is_away ? " away" : " failed"));
  };
  ASSERT_TRUE(rotate_certificate(parts, {kRotated, lab.want, "rotate", "root"}, {}));
  EXPECT_THAT(told, ElementsAre("le away", "dev"));
}

TEST(Rotation, AnOrderUnderWayIsFinishedBeforeTheFirstIssuerIsAskedAgain) {
  RotationLab lab;
  lab.want.issuers = {"le", "dev"};
  lab.le.answer = lab.dev.answer = Answer::too_busy;
  ASSERT_FALSE(lab.rotate());
  lab.le.answer = lab.dev.answer = Answer::chain;
  const auto outcome = lab.rotate();
  ASSERT_TRUE(outcome) << outcome.error().error.message;
  EXPECT_EQ(outcome->info.issuer, "dev");
  EXPECT_THAT(lab.dev.placed(), ElementsAre("dev-1"));
  ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(lab.le.asked(), 2U);  // nothing is under way any more
}

TEST(Rotation, AnIssuerThatIsNotConfiguredIsPassedOver) {
  RotationLab lab;
  lab.want.issuers = {"old", "dev"};
  EXPECT_EQ(lab.why(), "");
  EXPECT_THAT(lab.events(), ElementsAre("failed", "rotate"));
  lab.want.issuers = {"old"};
  EXPECT_EQ(lab.why(), "issuer \"old\" is not configured");
  EXPECT_THAT(lab.events(), ElementsAre("failed", "rotate", "failed"));
  EXPECT_EQ(lab.state(kRotated).current, 1U);
}

TEST(Rotation, AnOrderGoesOnWithItsKeyAndItsNote) {
  RotationLab lab;
  lab.le.answer = Answer::too_busy;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(lab.why(), "issuer le: too many requests");
  lab.le.answer = Answer::chain;
  ASSERT_TRUE(lab.rotate());
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1"));
  const std::string key = lab.served_key();
  EXPECT_THAT(lab.le.keys(), ElementsAre(key, key, key, key));
  EXPECT_THAT(lab.steps, ::testing::Contains("going on with the order of le"));
}

// A start after a crash, with an own CA: something is shown at once, and the CA's order goes on.
TEST(Rotation, APlaceholderLeavesTheOrderUnderWay) {
  RotationLab lab;
  lab.le.answer = Answer::too_busy;
  ASSERT_FALSE(lab.rotate("issue"));
  RotationRequest request{kRotated, lab.want, std::string(kPlaceholder), "start-up"};
  request.issuers = {"dev"};
  const auto made = rotate_certificate(lab.parts(), request, {});
  ASSERT_TRUE(made) << made.error().error.message;
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_FALSE(fs::exists(lab.store.paths().pending_placeholder(kRotated)));
  lab.le.answer = Answer::chain;
  ASSERT_EQ(lab.why("renewal"), "");
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1"));
  EXPECT_EQ(lab.le.keys().front(), lab.le.keys().back());
  EXPECT_EQ(lab.served_key(), lab.le.keys().back());
}

TEST(Rotation, AnOrderForSomethingElseGivesWay) {
  RotationLab lab;
  lab.le.answer = Answer::too_busy;
  ASSERT_FALSE(lab.rotate());
  lab.le.answer = Answer::chain;
  lab.want.names.push_back("c.example.test");
  ASSERT_TRUE(lab.rotate());
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1", "le-2"));
  EXPECT_NE(lab.le.keys()[0], lab.le.keys()[1]);
  EXPECT_THAT(lab.store.info(kRotated, 1)->names, ::testing::Contains("c.example.test"));
}

TEST(Rotation, ABrokenPlanGivesWay) {
  RotationLab lab;
  lab.le.answer = Answer::too_busy;
  ASSERT_FALSE(lab.rotate());
  ASSERT_TRUE(base::replace_file(lab.store.paths().pending(kRotated) + "/plan.json", "{", 0600));
  lab.le.answer = Answer::chain;
  EXPECT_EQ(lab.why(), "");
}

TEST(Rotation, BothKeysAreOrderedAndTheOneThatCameIsNotAskedForAgain) {
  RotationLab lab;
  lab.want.keys = {"p384", "rsa2048"};
  int signed_so_far = 0;
  lab.le.at = [&](const std::string& at) {
    if (at == "signed" && ++signed_so_far == 1) lab.le.answer = Answer::too_busy;
  };
  ASSERT_FALSE(lab.rotate());
  EXPECT_EQ(lab.le.asked(), 2U);
  EXPECT_EQ(lab.state(kRotated).current, 0U);
  lab.le.answer = Answer::chain;
  const auto outcome = lab.rotate();
  ASSERT_TRUE(outcome) << outcome.error().error.message;
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1", "le-2"));
  EXPECT_EQ(lab.le.asked(), 3U);
  EXPECT_EQ(outcome->info.ec->key, "p384");
  EXPECT_EQ(outcome->info.ec->order, "le-1");
  EXPECT_EQ(outcome->info.rsa->key, "rsa2048");
  EXPECT_EQ(outcome->info.rsa->order, "le-2");
  EXPECT_THAT(lab.le.keys(),
              ElementsAre(outcome->info.ec->spki_sha256, outcome->info.rsa->spki_sha256,
                          outcome->info.rsa->spki_sha256));
}

TEST(Rotation, APinnedKeyStaysForAsLongAsItMay) {
  RotationLab lab;
  lab.want.pins_key = true;
  ASSERT_TRUE(lab.rotate("issue"));
  const std::string pinned = lab.served_key();
  ASSERT_TRUE(lab.rotate("renewal"));
  EXPECT_EQ(lab.served_key(), pinned);
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1", "le-2"));
  // Another kind is wanted.
  lab.want.keys = {"p384"};
  ASSERT_TRUE(lab.rotate("renewal"));
  const std::string other = lab.served_key();
  EXPECT_NE(other, pinned);
  EXPECT_EQ(lab.store.info(kRotated, 3)->ec->key, "p384");
  // Its being known is why.
  ASSERT_TRUE(lab.rotate("key-compromise"));
  const std::string third = lab.served_key();
  EXPECT_NE(third, other);
  // It was revoked: no order is wasted on it.
  ASSERT_TRUE(lab.store.revoke_key(third));
  EXPECT_EQ(lab.why("renewal"), "");
  EXPECT_NE(lab.served_key(), third);
  EXPECT_EQ(lab.le.placed().size(), 5U);
}

TEST(Rotation, ACompromisedKeysOrderDoesNotGoOn) {
  RotationLab lab;
  lab.le.answer = Answer::too_busy;
  ASSERT_FALSE(lab.rotate());
  lab.le.answer = Answer::chain;
  ASSERT_TRUE(lab.rotate("key-compromise"));
  EXPECT_NE(lab.le.keys()[0], lab.le.keys()[1]);
}

TEST(Rotation, AnOrderWhoseCertificateIsServedIsNotTakenForTheNext) {
  RotationLab lab;
  lab.at_step = [&](const std::string& step) {
    if (!step.starts_with("checked")) return;
    fs::copy(lab.store.paths().pending(kRotated), lab.path("left"), fs::copy_options::recursive);
  };
  ASSERT_TRUE(lab.rotate("issue"));
  lab.at_step = nullptr;
  // As a crash between serving it and ending the order leaves it.
  fs::rename(lab.path("left"), lab.store.paths().pending(kRotated));
  const std::string first = lab.served_key();
  ASSERT_TRUE(lab.rotate("renewal"));
  EXPECT_NE(lab.served_key(), first);
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1", "le-2"));
}

// A process that dies at that step of a rotation.
void crash_at(RotationLab& lab, const std::string& step_prefix) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto die = [&](const std::string& at) {
      if (at.starts_with(step_prefix)) ::_exit(0);
    };
    lab.at_step = die;
    lab.le.at = die;
    static_cast<void>(lab.rotate().has_value());
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << step_prefix;
}

TEST(Rotation, ACrashAtAnyStepCostsNoSecondOrder) {
  for (const char* step : {"lease of", "placed", "signed", "p256 key", "checked"}) {
    RotationLab lab;
    crash_at(lab, step);
    EXPECT_EQ(lab.state(kRotated).current, 0U) << step;
    const auto outcome = lab.rotate();
    ASSERT_TRUE(outcome) << step << ": " << outcome.error().error.message;
    EXPECT_THAT(lab.le.placed(), ElementsAre("le-1")) << step;
    for (const std::string& key : lab.le.keys())
      EXPECT_EQ(key, lab.served_key()) << step;
    EXPECT_FALSE(lab.state(kRotated).has_pending) << step;
    EXPECT_EQ(lab.state(kRotated).current, 1U) << step;
  }
}

TEST(Rotation, CrashesOfARunningOneLeaveWhatIsServed) {
  for (const char* step : {"lease of", "placed", "signed", "p256 key", "checked"}) {
    RotationLab lab;
    ASSERT_TRUE(lab.rotate("issue"));
    const std::string before = lab.served_key();
    crash_at(lab, step);
    EXPECT_EQ(lab.served_key(), before) << step;
    ASSERT_TRUE(lab.rotate()) << step;
    EXPECT_EQ(lab.le.placed().size(), 2U) << step;
    EXPECT_EQ(lab.state(kRotated).current, 2U) << step;
  }
}

TEST(Rotation, AStoreThatCannotTakeItIsAFailureThatIsNoted) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  fs::create_directory(lab.path("gateway/certs/www.example.test/current.new"));
  const auto outcome = lab.rotate();
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().error.message, HasSubstr("current.new"));
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_THAT(lab.events(), ElementsAre("issue", "failed"));
  // The order is not lost.
  fs::remove(lab.path("gateway/certs/www.example.test/current.new"));
  ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(lab.le.placed().size(), 2U);
}

TEST(Rotation, SomeoneElsesLeaseIsRespected) {
  RotationLab lab;
  const auto held = lab.lease(kRotated);
  const auto outcome = lab.rotate();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, Errc::conflict);
  EXPECT_THAT(lab.le.placed(), IsEmpty());
}

TEST(Rotation, WhoeverLosesTheLeaseMeanwhileServesNothing) {
  RotationLab lab;
  lab.le.at = [&](const std::string& at) {
    if (at != "signed") return;
    const LeaseRecord other{99, {"other-host", "boot-2", 1, 1, "renew"}, {}, sys_seconds::max()};
    ASSERT_TRUE(base::replace_file(lab.store.paths().lock(kRotated), format_lease(other), 0600));
  };
  const auto outcome = lab.rotate();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, Errc::conflict);
  EXPECT_EQ(lab.state(kRotated).current, 0U);
}

TEST(Rotation, WhoeverLostTheLeaseNotesNothing) {
  RotationLab lab;
  lab.le.answer = Answer::too_busy;
  lab.want.issuers = {"le", "dev"};
  lab.le.at = [&](const std::string&) {
    const LeaseRecord other{99, {"other-host", "boot-2", 1, 1, "renew"}, {}, sys_seconds::max()};
    ASSERT_TRUE(base::replace_file(lab.store.paths().lock(kRotated), format_lease(other), 0600));
  };
  const auto outcome = lab.rotate();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, Errc::conflict);
  EXPECT_THAT(outcome.error().error.message, ::testing::HasSubstr("the lease has gone to"));
  EXPECT_THAT(lab.events(), IsEmpty());
  EXPECT_EQ(lab.dev.asked(), 0U);
}

TEST(Rotation, AQuarrelOfAnIssuersIsNoLostLease) {
  RotationLab lab;
  lab.le.answer = Answer::quarrel;
  EXPECT_EQ(lab.rotate().error().error.code, Errc::unavailable);
  lab.want.issuers = {"le", "dev"};
  EXPECT_EQ(lab.why(), "");
  EXPECT_EQ(lab.dev.asked(), 1U);
}

TEST(Rotation, WhatIsNotValidYetByThisClockIsKeptAndTakenUp) {
  RotationLab lab;
  lab.want.issuers = {"le", "dev"};
  base::WallTime now = test::kNow - std::chrono::hours(24);
  RotationParts parts = lab.parts();
  parts.now = [&now] { return now; };
  for (int i = 0; i < 3; ++i) {
    const auto early = rotate_certificate(parts, {kRotated, lab.want, "renewal", "root"}, {});
    ASSERT_FALSE(early);
    EXPECT_THAT(early.error().error.message,
                StartsWith("issuer le: what the issuer sent is kept for later: "
                           "E_CERT_NOT_YET_VALID"));
    EXPECT_THAT(early.error().error.message, ::testing::HasSubstr("check this machine's clock"));
  }
  now = test::kNow;
  ASSERT_TRUE(rotate_certificate(parts, {kRotated, lab.want, "renewal", "root"}, {}));
  EXPECT_THAT(lab.le.placed(), ElementsAre("le-1"));
  EXPECT_EQ(lab.le.asked(), 1U);
  EXPECT_EQ(lab.dev.asked(), 0U);
  EXPECT_FALSE(lab.state(kRotated).has_pending);
}

TEST(Rotation, StoppingEndsItWithoutTheNextIssuer) {
  RotationLab lab;
  lab.want.issuers = {"le", "dev"};
  std::stop_source source;
  source.request_stop();
  lab.stop = source.get_token();
  EXPECT_EQ(lab.why(), "issuer le: stopped");
  EXPECT_EQ(lab.dev.asked(), 0U);
}

struct BadWant {
  const char* title;
  Want want;
  const char* why;
};

TEST(Rotation, NothingIsBegunForWhatCannotBe) {
  const BadWant rows[] = {
      {"NoNames",
       {.names = {}, .issuers = {"le"}},
       "the names of \"www.example.test\" do not begin with it"},
      {"AnotherFirst",
       {.names = {"b.example.test", kRotated}, .issuers = {"le"}},
       "the names of \"www.example.test\" do not begin with it"},
      {"BadName",
       {.names = {kRotated, "B.example.test"}, .issuers = {"le"}},
       "name \"B.example.test\": write it in lower case: \"b.example.test\""},
      {"NameTwice",
       {.names = {kRotated, "b.example.test", "b.example.test"}, .issuers = {"le"}},
       "the names of \"www.example.test\" have \"b.example.test\" twice"},
      {"NoIssuer",
       {.names = {kRotated}, .issuers = {}},
       "certificate \"www.example.test\" has no issuer (it was imported): name one with --issuer"},
      {"NoKeys",
       {.names = {kRotated}, .issuers = {"le"}, .keys = {}},
       "keys: at least one is needed"},
      {"TwoOfOneType",
       {.names = {kRotated}, .issuers = {"le"}, .keys = {"p256", "p384"}},
       "keys: p256 and p384 are of one type; a certificate has one of each"},
      {"UnknownKey",
       {.names = {kRotated}, .issuers = {"le"}, .keys = {"p224"}},
       "\"p224\" is no kind of key (p256, p384, rsa2048, rsa3072, rsa4096)"},
  };
  for (const BadWant& row : rows) {
    RotationLab lab;
    lab.want = row.want;
    EXPECT_EQ(lab.why(), row.why) << row.title;
    EXPECT_THAT(*lab.store.names(), IsEmpty()) << row.title;
    EXPECT_THAT(lab.le.placed(), IsEmpty()) << row.title;
  }
}

}  // namespace
}  // namespace ravelin::certs
