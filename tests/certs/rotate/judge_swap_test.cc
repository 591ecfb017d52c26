#include "certs/rotate/judge_swap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

struct Case {
  const char* title;
  SwapFacts facts;
  SwapSeen seen;
  SwapStep step;
  const char* why;  // part of it
};

void PrintTo(const Case& row, std::ostream* out) {
  *out << row.title;
}

constexpr auto kWatch = SwapStep::keep_watching;
constexpr auto kSettled = SwapStep::settled;
constexpr auto kBack = SwapStep::take_back;

SwapSeen refused_by(std::uint64_t clients, std::uint64_t accepted = 0) {
  return {.since = seconds(3), .accepted = accepted, .refusing = clients};
}

SwapSeen probed(ProbeSays says, seconds since = seconds(1)) {
  return {.since = since, .probe = says, .probe_text = "127.0.0.1:443: so it is"};
}

const Case kCases[] = {
    {"NothingYet", {}, {}, kWatch, ""},
    {"AllWellSoFar", {}, {.since = seconds(299), .accepted = 5000}, kWatch, ""},
    {"AllWell", {}, {.since = seconds(300), .accepted = 5000}, kSettled, "5000 handshakes"},
    {"NineteenClientsAreTooFew", {}, refused_by(19), kWatch, ""},
    {"TwentyClients", {}, refused_by(20), kBack, "20 clients that took the one before refuse it"},
    {"NineteenUntilTheEnd",
     {},
     {.since = seconds(300), .refusing = 19},
     kSettled,
     "19 clients refuse it"},
    {"NoJumpAmongMany", {}, refused_by(20, 2001), kWatch, ""},
    {"AJumpAmongMany", {}, refused_by(20, 2000), kBack, "20 clients"},
    {"TheProbeIsRefused", {}, probed(ProbeSays::refused), kBack, "127.0.0.1:443: so it is"},
    {"TheProbeReachesNobody", {}, probed(ProbeSays::nothing), kWatch, ""},
    {"TheProbeReachesNobodyToTheEnd",
     {},
     probed(ProbeSays::nothing, seconds(300)),
     kSettled,
     "no probe: 127.0.0.1:443"},
    {"TheProbeSeesTheOneBefore", {}, probed(ProbeSays::another), kWatch, ""},
    {"TheProbeSeesTheOneBeforeToTheEnd",
     {},
     probed(ProbeSays::another, seconds(300)),
     kSettled,
     "probe: 127.0.0.1:443"},
    {"TheProbeIsShown", {}, probed(ProbeSays::shown), kWatch, ""},
    {"NotForAKeyInOtherHands",
     {.reason = "key-compromise"},
     refused_by(50),
     kSettled,
     "it stays: the key before is in other hands"},
    {"NorForTheProbeThen",
     {.reason = "key-compromise"},
     probed(ProbeSays::refused),
     kSettled,
     "it stays: the key before is in other hands"},
    {"NotWhenSomeoneWentToIt",
     {.is_chosen = true},
     refused_by(50),
     kSettled,
     "it stays: it was gone to by rollback"},
    {"OnceAtMost", {.was_taken_back = true}, refused_by(50), kSettled, "taken back once before"},
    {"NotToOneThatHasEnded",
     {.older_unfit = "generation 1 ended"},
     refused_by(50),
     kSettled,
     "it stays: generation 1 ended"},
    {"AFewEndACanary", {.is_canary = true}, refused_by(5), kBack, "5 clients"},
    {"FewerDoNot", {.is_canary = true}, refused_by(4), kWatch, ""},
    {"ACanaryIsFinished", {.is_canary = true}, {.since = seconds(300)}, kSettled, "0 handshakes"},
};

class JudgeSwap : public testing::TestWithParam<Case> {};

TEST_P(JudgeSwap, Decides) {
  const Case& row = GetParam();
  const SwapVerdict verdict = judge_swap(row.facts, row.seen, {});
  EXPECT_EQ(verdict.step, row.step) << verdict.why;
  EXPECT_THAT(verdict.why, HasSubstr(row.why));
  EXPECT_EQ(verdict.why.empty(), row.step == kWatch);
}

INSTANTIATE_TEST_SUITE_P(Cases, JudgeSwap, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(SwapVerdict, SaysWhatTheTroubleCameFrom) {
  EXPECT_EQ(judge_swap({}, refused_by(20), {}).cause, "alerts");
  EXPECT_EQ(judge_swap({}, probed(ProbeSays::refused), {}).cause, "probe");
  EXPECT_EQ(judge_swap({.was_taken_back = true}, refused_by(20), {}).cause, "alerts");
  EXPECT_EQ(judge_swap({}, {.since = seconds(300)}, {}).cause, "");
}

TEST(SwapVerdict, ACanaryWithoutAnEndIsWatchedForEver) {
  const SwapRules rules{.lasts = seconds(0)};
  EXPECT_EQ(judge_swap({.is_canary = true}, {.since = std::chrono::hours(1000)}, rules).step,
            SwapStep::keep_watching);
  EXPECT_EQ(judge_swap({.is_canary = true}, refused_by(5), rules).step, SwapStep::take_back);
}

}  // namespace
}  // namespace ravelin::certs
