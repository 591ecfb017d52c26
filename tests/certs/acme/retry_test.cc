#include "certs/acme/retry.h"

#include <gtest/gtest.h>

namespace ravelin::certs::acme {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kNow{std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min};

struct WaitCase {
  std::string_view text;
  std::optional<std::chrono::seconds> wait;
};

constexpr WaitCase kWaitCases[] = {
    {"120", 120s},
    {" 5 ", 5s},
    {"0", 1s},
    {"86401", 86400s},
    {"99999999999999999999999", 86400s},
    {"Sun, 06 Nov 1994 08:49:37 GMT", 37s},
    {"Sun, 06 Nov 1994 08:48:00 GMT", 1s},
    {"Fri, 31 Dec 2100 23:59:59 GMT", 86400s},
    {"", std::nullopt},
    {"-1", std::nullopt},
    {"1.5", std::nullopt},
    {"soon", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37", std::nullopt},
    {"Sun, 31 Feb 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 24:49:37 GMT", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 GMT", std::nullopt},
};

TEST(Retry, AfterIsSecondsOrADate) {
  for (const auto& [text, wait] : kWaitCases)
    EXPECT_EQ(parse_retry_after(text, kNow), wait) << text;
}

TEST(Retry, LinksAreFoundByTheirRelation) {
  const std::vector<std::string> headers = {
      R"(<https://ca.test/dir>;rel="index")",
      R"(<https://ca.test/c/1>; title="x, y"; rel="alternate", <https://ca.test/c/2>;REL=Alternate)",
      R"(<http://ca.test/plain>;rel="alternate")",
      R"(<https://ca.test/open;rel="alternate")",
      R"(<https://ca.test/c/4,5;6>;rel=alternate)",
      R"(rel="alternate")",
      R"(<https://ca.test/c/3>;rel="up";x="alternate")",
      ""};
  EXPECT_EQ(linked(headers, "alternate"),
            (std::vector<std::string>{"https://ca.test/c/1", "https://ca.test/c/2",
                                      "https://ca.test/c/4,5;6"}));
  EXPECT_EQ(linked(headers, "index"), (std::vector<std::string>{"https://ca.test/dir"}));
  EXPECT_TRUE(linked({}, "index").empty());
}

struct VerdictCase {
  const char* name;
  Attempt attempt;
  Verdict verdict;
};

const VerdictCase kVerdictCases[] = {
    {"Success", {.status = 201, .left = 10s}, {Next::done}},
    {"BadNonceAtOnce", {.status = 400, .problem_type = "badNonce", .left = 1ms}, {Next::again}},
    {"BadNonceManyTimes",
     {.status = 400, .problem_type = "badNonce", .tries = 199, .left = 1s},
     {Next::again}},
    {"BadNonceForEver",
     {.status = 400, .problem_type = "badNonce", .tries = 200, .left = 1s},
     {Next::give_up}},
    {"BadNonceTooLate", {.status = 400, .problem_type = "badNonce", .left = 0s}, {Next::give_up}},
    {"Refused", {.status = 403, .problem_type = "unauthorized", .left = 10s}, {Next::give_up}},
    {"RefusedWithATime", {.status = 403, .retry_after = 2s, .left = 10s}, {Next::give_up}},
    {"TooManyWithATime", {.status = 429, .retry_after = 7s, .left = 10s}, {Next::wait, 7s}},
    {"TooManyWithALongTime", {.status = 429, .retry_after = 61s, .left = 1h}, {Next::give_up}},
    {"TooManyBeyondTheDeadline", {.status = 429, .retry_after = 10s, .left = 10s}, {Next::give_up}},
    {"TooManyWithoutATime", {.status = 429, .left = 10s}, {Next::give_up}},
    {"BusyWithATime", {.status = 503, .retry_after = 9s, .left = 10s}, {Next::wait, 9s}},
    {"TooManyLeavesNoTimeForATry",
     {.status = 429, .retry_after = 8s, .left = 8999ms},
     {Next::give_up}},
    {"BusyWithoutATime", {.status = 503, .left = 10s}, {Next::wait, 1s}},
    {"ServerError", {.status = 500, .tries = 3, .left = 10s}, {Next::wait, 4s}},
    {"ServerErrorsOnly", {.status = 500, .tries = 5, .left = 1h}, {Next::give_up}},
    {"ServerErrorTooLate", {.status = 500, .tries = 4, .left = 8s}, {Next::give_up}},
    {"Silence", {.status = 0, .left = 10s}, {Next::wait, 1s}},
    {"SilenceForGood", {.status = 0, .can_retry = false, .left = 10s}, {Next::give_up}},
};

TEST(Retry, VerdictFollowsFromTheAnswer) {
  for (const VerdictCase& one : kVerdictCases)
    EXPECT_EQ(judge(one.attempt, {}), one.verdict) << one.name;
}

TEST(Retry, WaitsGrowToHalfAMinute) {
  const RetryLimits patient{.failure_tries_max = 100};
  const Attempt late{.status = 500, .tries = 40, .left = 1h};
  EXPECT_EQ(judge(late, patient), (Verdict{Next::wait, 30s}));
}

}  // namespace
}  // namespace ravelin::certs::acme
