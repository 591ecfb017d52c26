#include "base/utc.h"

#include <gtest/gtest.h>

namespace ravelin::base {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(Utc, IsReadBackAsItWasWritten) {
  for (const std::int64_t time : {0LL, 1LL, 951'782'399LL, 1'795'000'000LL, 253'402'300'799LL}) {
    const sys_seconds moment{seconds(time)};
    EXPECT_EQ(parse_utc(utc_text(moment)), moment) << time;
  }
  EXPECT_EQ(utc_text(sys_seconds(seconds(1'795'000'000))), "2026-11-18T11:06:40Z");
}

TEST(Utc, OtherTextsAreNoTimes) {
  for (const char* text : {"", "2026-11-18", "2026-11-18T11:06:40", "2026-11-18T11:06:40z",
                           "2026-11-18 11:06:40Z", "2026-02-30T11:06:40Z", "2026-13-01T11:06:40Z",
                           "2026-11-18T24:00:00Z", "2026-11-18T11:60:00Z", "2026-11-18T11:06:60Z",
                           "20x6-11-18T11:06:40Z", "-026-11-18T11:06:40Z", "2026-11-18T11:06:40Z "})
    EXPECT_EQ(parse_utc(text), std::nullopt) << text;
}

}  // namespace
}  // namespace ravelin::base
