#include "certs/rotate/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::chrono::sys_days kToday = std::chrono::year(2026) / 3 / 2;
constexpr sys_seconds kForecastTime = kToday + 12h;

ForecastEntry entry(const std::string& name, sys_seconds at, const std::string& issuer = "le") {
  return {.name = name, .names = {name}, .issuer = issuer, .at = at};
}

const CaLimits kLe = limits_of("https://acme-v02.api.letsencrypt.org/directory");

Forecast look(const std::vector<ForecastEntry>& entries, seconds length = days(30),
              CaLimits limits = kLe) {
  const PublicSuffixes suffixes;
  return forecast_orders(entries, {{"le", limits}}, suffixes, kForecastTime, length);
}

Orders placed(const std::vector<std::string>& names, seconds ago,
              OrderKind kind = OrderKind::again) {
  return {kForecastTime - ago, names, kind};
}

// Of the limit whose name begins so; 0 = it is not spoken of.
std::size_t used(const Forecast& forecast, std::string_view limit) {
  for (const LimitUse& use : forecast.limits)
    if (use.limit.starts_with(limit)) return use.used;
  return 0;
}

TEST(Forecast, NothingHeldIsNothingToDo) {
  const Forecast forecast = look({});
  EXPECT_THAT(forecast.days, IsEmpty());
  EXPECT_THAT(forecast.limits, IsEmpty());
}

TEST(Forecast, RenewalsStandOnTheirDaysByIssuer) {
  const Forecast forecast = look(
      {entry("a.test", kForecastTime + days(2)), entry("b.test", kForecastTime + days(2)),
       entry("c.test", kForecastTime + days(9), "local"),
       entry("late.test", kForecastTime + days(30)), entry("due.test", kForecastTime - days(3))});
  ASSERT_THAT(forecast.days, SizeIs(3));
  EXPECT_EQ(forecast.days[0].day, kToday);
  EXPECT_EQ(forecast.days[0].orders.at("le"), 1U);
  EXPECT_EQ(forecast.days[1].day, kToday + days(2));
  EXPECT_EQ(forecast.days[1].renewals, 2U);
  EXPECT_EQ(forecast.days[1].orders.at("le"), 2U);
  EXPECT_EQ(forecast.days[2].orders.at("local"), 1U);
  EXPECT_FALSE(forecast.days[2].orders.contains("le"));
}

TEST(Forecast, TwoKeysAreTwoOrders) {
  ForecastEntry both = entry("a.test", kForecastTime + 1h);
  both.orders = 2;
  const Forecast forecast = look({both});
  EXPECT_EQ(forecast.days[0].renewals, 1U);
  EXPECT_EQ(forecast.days[0].orders.at("le"), 2U);
  EXPECT_EQ(used(forecast, "orders for the names of a.test"), 2U);
}

TEST(Forecast, ShortLivedOnesComeBack) {
  ForecastEntry week = entry("a.test", kForecastTime + 1h);
  week.lifetime = 160h;  // renewed when half of it is over, or a little before
  const Forecast forecast = look({week});
  std::size_t renewals = 0;
  for (const ForecastDay& day : forecast.days)
    renewals += day.renewals;
  EXPECT_GE(renewals, 9U);
  EXPECT_LE(renewals, 10U);
  // The first alone counts: from then on each names the one it replaces.
  EXPECT_EQ(used(forecast, "orders for the names of"), 1U);
  CaLimits without = kLe;
  without.exempts_replacing = false;
  EXPECT_EQ(used(look({week}, days(30), without), "orders for the names of"), 3U);
}

TEST(Forecast, WhatIsReplacedCountsForNoLimit) {
  ForecastEntry served = entry("a.test", kForecastTime + 1h);
  served.orders = 2;
  served.may_replace = true;
  const Forecast forecast = look({served, entry("b.test", kForecastTime + 1h)});
  EXPECT_EQ(forecast.days[0].orders.at("le"), 3U);
  EXPECT_EQ(forecast.days[0].exempt.at("le"), 2U);
  EXPECT_EQ(used(forecast, "orders in 3 h"), 1U);
  EXPECT_EQ(used(forecast, "orders for the names of b.test"), 1U);
  CaLimits without = kLe;
  without.exempts_replacing = false;
  const Forecast counted = look({served}, days(30), without);
  EXPECT_THAT(counted.days[0].exempt, IsEmpty());
  EXPECT_EQ(used(counted, "orders for the names of a.test"), 2U);
}

TEST(Forecast, NewNamesCountForTheirDomainAndTheSameOnesDoNot) {
  std::vector<ForecastEntry> entries;
  for (int i = 0; i < 51; ++i)
    entries.push_back(entry(fmt::format("n{}.example.co.uk", i), kForecastTime + 1h));
  entries.push_back(entry("n0.example.org", kForecastTime + 1h));
  const Forecast forecast = look(entries);
  ASSERT_THAT(forecast.limits, SizeIs(3));
  EXPECT_EQ(forecast.limits[1].limit, "certificates for example.co.uk in 7 d");
  EXPECT_EQ(forecast.limits[1].used, 51U);
  EXPECT_TRUE(forecast.limits[1].is_exceeded());
  for (ForecastEntry& each : entries)
    each.past.push_back(placed(each.names, days(60)));
  EXPECT_EQ(used(look(entries), "certificates for"), 0U);
  EXPECT_EQ(used(look(entries), "orders in 3 h"), 0U);
}

struct BurstCase {
  const char* title;
  std::size_t count;
  seconds apart;
  std::size_t worst;
};

TEST(Forecast, AnyThreeHoursCount) {
  const BurstCase rows[] = {
      {"AtOnce", 400, 0s, 400},
      {"EveryMinute", 400, 1min, 180},
      {"EveryHour", 100, 1h, 3},
      {"TooFarApart", 10, 3h, 1},
  };
  for (const BurstCase& row : rows) {
    std::vector<ForecastEntry> entries;
    for (std::size_t i = 0; i < row.count; ++i)
      entries.push_back(
          entry(fmt::format("n{}.test", i), kForecastTime + static_cast<long>(i) * row.apart));
    const Forecast forecast = look(entries);
    ASSERT_THAT(forecast.limits, SizeIs(3)) << row.title;
    EXPECT_EQ(used(forecast, "orders in 3 h"), row.worst) << row.title;
    EXPECT_EQ(forecast.limits[0].is_exceeded(), row.worst > 300) << row.title;
  }
}

struct PastCase {
  const char* title;
  std::vector<seconds> ago;
  std::size_t used;
};

TEST(Forecast, WhatWasOrderedThisWeekCountsForTheSameNames) {
  const PastCase rows[] = {
      {"Never", {}, 1},
      {"Yesterday", {days(1), days(2)}, 3},
      {"ThatIsOverByThen", {days(6) + 23h}, 1},
      {"LongAgo", {days(30), days(8)}, 1},
  };
  for (const PastCase& row : rows) {
    ForecastEntry one = entry("a.test", kForecastTime + 2h);
    for (const seconds ago : row.ago)
      one.past.push_back(placed(one.names, ago));
    EXPECT_EQ(used(look({one}), "orders for the names of a.test"), row.used) << row.title;
  }
}

TEST(Forecast, TheSameNamesAreOneSetInAnyOrder) {
  ForecastEntry one = entry("a.test", kForecastTime + 1h);
  one.names = {"a.test", "b.test"};
  ForecastEntry other = entry("b.test", kForecastTime + 2h);
  other.names = {"b.test", "a.test"};
  const OrderLimit limits[] = {{LimitedBy::exact_names, 1, days(7)}};
  const Forecast forecast = look({one, other}, days(30), {.ca = "tight", .limits = limits});
  ASSERT_THAT(forecast.limits, SizeIs(1));
  EXPECT_EQ(forecast.limits[0].used, 2U);
  EXPECT_TRUE(forecast.limits[0].is_exceeded());
  EXPECT_EQ(forecast.limits[0].at, kForecastTime + 2h);
}

TEST(Forecast, TheOwnCaHasNoLimits) {
  EXPECT_THAT(look({entry("a.test", kForecastTime, "local")}).limits, IsEmpty());
}

}  // namespace
}  // namespace ravelin::certs
