#include "policies/parse/rate.h"

#include "policies/parse/moments.h"

#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

struct GoodRate {
  const char* text;
  Rate rate;
};

TEST(RateText, SaysHowManyPerWhat) {
  const GoodRate kRates[] = {
      {"50/s burst 200", {Rate::Of::packets, 50, 1s, 200}},
      {"30/min", {Rate::Of::packets, 30, 60s, 5}},
      {"10/h", {Rate::Of::packets, 10, 3600s, 5}},
      {"1/d burst 1", {Rate::Of::packets, 1, 86400s, 1}},
      {"2k/s", {Rate::Of::packets, 2000, 1s, 5}},
      {"20MB/s", {Rate::Of::bytes, 20'000'000, 1s, 20'000'000}},
      {"1KiB/s", {Rate::Of::bytes, 1024, 1s, 1500}},  // at least one packet
      {"60MB/min", {Rate::Of::bytes, 60'000'000, 60s, 1'000'000}},
      {"20MB/s burst 64KiB", {Rate::Of::bytes, 20'000'000, 1s, 65536}},
      {"100000000/s", {Rate::Of::packets, 100'000'000, 1s, 5}},
  };
  for (const GoodRate& row : kRates) {
    const auto rate = parse_rate(row.text);
    ASSERT_TRUE(rate) << row.text << " " << rate.error().message;
    EXPECT_EQ(*rate, row.rate) << row.text;
  }
}

TEST(RateText, RefusesWhatIsNoRate) {
  for (const char* text : {"",
                           "/",
                           "50",
                           "50/",
                           "/s",
                           "50/m",
                           "50/second",
                           "-1/s",
                           "5.5/s",
                           "50 / s",
                           "0/s",
                           "0MB/s",
                           "50/s burst",
                           "50/s burst ",
                           "50/s burst 0",
                           "50/s burst x",
                           "50/s burst 5MB",
                           "20MB/s burst 5GiB",
                           "100000001/s",
                           "99999999999999999999/s",
                           "2TiB/s",
                           "50/s bursts 2"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
  EXPECT_FALSE(parse_packet_rate("20MB/s"));
  EXPECT_FALSE(parse_byte_rate("20/s"));
}

TEST(BanText, SaysHowLongAndAfterWhat) {
  EXPECT_EQ(*parse_ban_after("1h"), (BanAfter{3600s, std::nullopt}));
  EXPECT_EQ(*parse_ban_after("10m after 30/min"),
            (BanAfter{600s, Rate{Rate::Of::packets, 30, 60s, 5}}));
  EXPECT_EQ(*parse_ban_after("7d after 5/s burst 9"),
            (BanAfter{7 * 86400s, Rate{Rate::Of::packets, 5, 1s, 9}}));
  for (const char* text : {"", "0", "0s", "10", "1500ms", "367d", "1h after", "1h after x",
                           "1h after 1MB/s", "after 1/s", "1h 30/min"}) {
    EXPECT_FALSE(parse_ban_after(text)) << text;
  }
}

TEST(OverText, DeniesOrBans) {
  EXPECT_FALSE(parse_over("deny")->is_ban);
  EXPECT_TRUE(parse_over("ban")->is_ban);
  EXPECT_EQ(parse_over("ban")->duration, std::nullopt);
  EXPECT_EQ(parse_over("ban 10m")->duration, 600s);
  for (const char* text : {"", "reject", "ban10m", "ban x", "ban 0s", "deny 1h"})
    EXPECT_FALSE(parse_over(text)) << text;
}

TEST(RepeatText, SaysHowManyInWhatTime) {
  EXPECT_EQ(parse_repeat("251 in 1s")->count, 251U);
  EXPECT_EQ(parse_repeat("251 in 1s")->within, 1000ms);
  EXPECT_EQ(parse_repeat("1 in 24h")->within, 24h);
  for (const char* text : {"", "251", "in 1s", "0 in 1s", "100001 in 1s", "5 in 0s", "5 in 25h",
                           "5 in 1us", "5 in x", "-5 in 1s"}) {
    EXPECT_FALSE(parse_repeat(text)) << text;
  }
}

TEST(FactorText, BeginsWithAnX) {
  EXPECT_EQ(*parse_factor("x2"), 2);
  EXPECT_EQ(*parse_factor("x100"), 100);
  for (const char* text : {"", "x", "2", "x0", "x101", "x-1", "2x", "x1.5"})
    EXPECT_FALSE(parse_factor(text)) << text;
}

TEST(CountText, MayHaveAUnit) {
  EXPECT_EQ(*parse_count("1500"), 1500U);
  EXPECT_EQ(*parse_count("200k"), 200'000U);
  EXPECT_EQ(*parse_count("2M"), 2'000'000U);
  EXPECT_EQ(*parse_count("1G"), 1'000'000'000U);
  for (const char* text :
       {"", "k", "2K", "2m", "1.5M", "-1", "18446744073709551616", "99999999999G"})
    EXPECT_FALSE(parse_count(text)) << text;
}

TEST(UntilText, IsTheFirstMomentAfter) {
  EXPECT_EQ(*parse_until("2026-12-31"), sys_days(year(2027) / 1 / 1));
  EXPECT_EQ(*parse_until("2028-02-29"), sys_days(year(2028) / 3 / 1));
  EXPECT_EQ(*parse_until("2026-12-31T12:00:00Z"), sys_days(year(2026) / 12 / 31) + 12h);
  for (const char* text : {"", "2026", "2026-13-01", "2026-02-29", "31.12.2026", "2026-12-31T12:00",
                           "2026-12-31 12:00:00Z", "2026-12-31T24:00:00Z", "2026/12/31"}) {
    EXPECT_FALSE(parse_until(text)) << text;
  }
}

TEST(TimeOfDayText, GoesFromMidnightToMidnight) {
  EXPECT_EQ(*parse_time_of_day("00:00"), 0min);
  EXPECT_EQ(*parse_time_of_day("08:30"), 510min);
  EXPECT_EQ(*parse_time_of_day("24:00"), 1440min);
  for (const char* text : {"", "8:30", "24:01", "08:60", "0830", "08-30", "08:3x", "08:30:00"})
    EXPECT_FALSE(parse_time_of_day(text)) << text;
}

}  // namespace
}  // namespace ravelin::policies
