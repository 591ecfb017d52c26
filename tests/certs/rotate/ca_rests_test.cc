#include "certs/rotate/ca_rests.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'800'000'000s};

IssueFailure away(std::optional<seconds> asked = {}) {
  return {fail(Errc::unavailable, "no answer"), asked, false, true};
}

IssueFailure too_many(std::optional<seconds> asked = 2h) {
  return {fail(Errc::unavailable, "too many requests"), asked};
}

TEST(CaRests, OneThatIsAwayRestsLongerEachTime) {
  CaRests rests;
  EXPECT_EQ(rests.until("le", kNow), sys_seconds{});
  for (const seconds wait : {1min, 2min, 5min, 10min, 15min, 15min}) {
    rests.failed("le", away(), kNow);
    EXPECT_EQ(rests.until("le", kNow), kNow + wait);
  }
  EXPECT_EQ(rests.until("own", kNow), sys_seconds{});
  EXPECT_EQ(rests.resting(kNow), (CaRestMap{{"le", {kNow + 15min, 6}}}));
  EXPECT_EQ(rests.until("le", kNow + 15min), sys_seconds{});
  EXPECT_TRUE(rests.resting(kNow + 15min).empty());
}

TEST(CaRests, AnAnswerEndsIt) {
  CaRests rests;
  rests.failed("le", away(), kNow);
  rests.failed("le", away(), kNow);
  rests.answered("le");
  EXPECT_EQ(rests.until("le", kNow), sys_seconds{});
  rests.failed("le", away(), kNow);
  EXPECT_EQ(rests.until("le", kNow), kNow + 1min);
}

struct AskedCase {
  const char* name;
  std::optional<seconds> asked;
  seconds rest;
};

TEST(CaRests, OneThatSaysHowLongItIsAwayIsBelieved) {
  const AskedCase rows[] = {{"Less", 5s, 1min},
                            {"More", 2h, 2h},
                            {"TooMuch", 24h, CaRests::kRestMax},
                            {"Nothing", {}, 1min}};
  for (const auto& [name, asked, rest] : rows) {
    CaRests rests;
    rests.failed("le", away(asked), kNow);
    EXPECT_EQ(rests.until("le", kNow), kNow + rest) << name;
  }
}

TEST(CaRests, OneNameThatIsTurnedDownHoldsNoOtherUp) {
  CaRests rests;
  rests.failed("le", too_many(), kNow);
  rests.failed("le", too_many(), kNow);
  EXPECT_EQ(rests.until("le", kNow), sys_seconds{});
  rests.failed("le", too_many({}), kNow);
  EXPECT_EQ(rests.until("le", kNow), kNow + 1min);
  rests.failed("le", {fail(Errc::denied, "CAA forbids it"), {}, true}, kNow);
  rests.failed("le", too_many(), kNow + 1min);
  EXPECT_EQ(rests.until("le", kNow + 1min), sys_seconds{});
}

TEST(CaRests, ANoIsNoReasonToRest) {
  CaRests rests;
  for (int i = 0; i < 10; ++i)
    rests.failed("le", {fail(Errc::denied, "CAA forbids it"), {}, true}, kNow);
  EXPECT_EQ(rests.until("le", kNow), sys_seconds{});
}

TEST(CaRests, AClockThatIsSetBackEndsIt) {
  CaRests rests;
  rests.failed("le", away(), kNow);
  EXPECT_EQ(rests.until("le", kNow - 24h), sys_seconds{});
  EXPECT_TRUE(rests.resting(kNow - 24h).empty());
}

}  // namespace
}  // namespace ravelin::certs
