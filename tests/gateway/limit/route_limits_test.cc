#include "gateway/limit/route_limits.h"

#include "base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;
using Kind = LimitKeyConfig::Kind;

constexpr MonoTime kLimitsStart{1000s};

struct Asked {
  std::string_view client = "192.0.2.1";
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  std::string_view certificate;
};

class Limited {
 public:
  explicit Limited(RouteLimitsConfig config, LimitTables tables = make_limit_tables(1000, nullptr))
      : tables_(std::move(tables)), limits_(RouteLimits::make(config, "web", "all", tables_)) {}

  RouteLimits::Verdict admit(const Asked& asked, InFlightPlace& place,
                             MonoTime now = kLimitsStart) {
    FieldList fields;
    for (const auto& [name, value] : asked.fields)
      fields.push_back({find_field(name), name, value});
    return limits_->admit({*base::parse_ip(asked.client), fields, asked.certificate}, now, place);
  }

  // How many of ten such requests pass, one after another.
  int served(const Asked& asked, MonoTime now = kLimitsStart) {
    int count = 0;
    for (int i = 0; i < 10; ++i) {
      InFlightPlace place;
      count += admit(asked, place, now).reason == Reason::none ? 1 : 0;
    }
    return count;
  }

  [[nodiscard]] const LimitTables& tables() const { return tables_; }

 private:
  LimitTables tables_;
  std::shared_ptr<const RouteLimits> limits_;
};

RouteLimitsConfig rate(std::uint32_t burst, Kind kind = Kind::client, std::string header = {}) {
  return {.rate = RateLimitConfig{
              .requests = 1, .per = 10s, .burst = burst, .key = {kind, std::move(header)}}};
}

TEST(RouteLimits, AreNoneWhereNothingIsLimited) {
  EXPECT_EQ(RouteLimits::make({}, "web", "all", make_limit_tables(0, nullptr)), nullptr);
}

TEST(RouteLimits, CountClientsByAddressAndIpv6ClientsByNetwork) {
  Limited route(rate(3));
  EXPECT_EQ(route.served({.client = "192.0.2.1"}), 3);
  EXPECT_EQ(route.served({.client = "192.0.2.2"}), 3);
  EXPECT_EQ(route.served({.client = "2001:db8:1:2::1"}), 3);
  EXPECT_EQ(route.served({.client = "2001:db8:1:2:ffff::9"}), 0) << "the same /64";
  EXPECT_EQ(route.served({.client = "2001:db8:1:3::1"}), 3);
}

TEST(RouteLimits, SayWhenToComeBack) {
  Limited route(rate(1));
  InFlightPlace place;
  EXPECT_EQ(route.admit({}, place).reason, Reason::none);
  const auto refused = route.admit({}, place, kLimitsStart + 1500ms);
  EXPECT_EQ(refused.reason, Reason::rate_limited);
  EXPECT_EQ(refused.retry_after_s, 9U);
  EXPECT_EQ(route.admit({}, place, kLimitsStart + 9999ms).retry_after_s, 1U);
  EXPECT_EQ(route.admit({}, place, kLimitsStart + 10s).reason, Reason::none);
}

TEST(RouteLimits, CountByTheValueOfAField) {
  for (const char* name : {"X-Api-Key", "Authorization"}) {
    Limited route(rate(3, Kind::header, base::to_lower(name)));
    EXPECT_EQ(route.served({.fields = {{name, "alice"}}}), 3);
    EXPECT_EQ(route.served({.client = "192.0.2.9", .fields = {{name, "alice"}}}), 0);
    EXPECT_EQ(route.served({.fields = {{name, "bob"}}}), 3);
  }
}

TEST(RouteLimits, CountByClientWhereTheFieldSaysNothing) {
  Limited route(rate(3, Kind::header, "x-api-key"));
  EXPECT_EQ(route.served({}), 3);
  EXPECT_EQ(route.served({.fields = {{"X-Api-Key", ""}}}), 0);
  EXPECT_EQ(route.served({.fields = {{"X-Api-Key", "a"}, {"x-api-key", "b"}}}), 0)
      << "two values are as good as none";
  EXPECT_EQ(route.served({.client = "192.0.2.2"}), 3);
}

TEST(RouteLimits, CountByCertificate) {
  Limited route(rate(3, Kind::certificate));
  EXPECT_EQ(route.served({.certificate = "one"}), 3);
  EXPECT_EQ(route.served({.client = "192.0.2.9", .certificate = "one"}), 0);
  EXPECT_EQ(route.served({.certificate = "two"}), 3);
  EXPECT_EQ(route.served({}), 3) << "without one, by client";
}

TEST(RouteLimits, HoldWhatIsInFlightAndChargeNothingForTheSurplus) {
  Limited route(
      {.rate = rate(3).rate, .concurrent = ConcurrencyLimitConfig{.requests = 2, .key = {}}});
  InFlightPlace first;
  InFlightPlace second;
  InFlightPlace third;
  EXPECT_EQ(route.admit({}, first).reason, Reason::none);
  EXPECT_EQ(route.admit({}, second).reason, Reason::none);
  EXPECT_EQ(route.admit({}, third).reason, Reason::concurrency_limited);
  first = InFlightPlace();
  EXPECT_EQ(route.admit({}, third).reason, Reason::none) << "the third token was not spent";
  third = InFlightPlace();
  EXPECT_EQ(route.admit({}, first).reason, Reason::rate_limited);
  second = InFlightPlace();
  EXPECT_EQ(route.tables().in_flight->keys(), 0U) << "who is refused holds no place";
}

TEST(RouteLimits, KeepTheirStateOverAReload) {
  Limited before(rate(3));
  EXPECT_EQ(before.served({}), 3);
  Limited after(rate(5), make_limit_tables(1000, &before.tables()));
  EXPECT_EQ(after.served({}), 2);
  Limited resized(rate(5), make_limit_tables(2000, &after.tables()));
  EXPECT_EQ(resized.served({}), 5);
}

TEST(RouteLimits, BeginAnewWhereRequestsCountOtherwise) {
  RouteLimitsConfig daily = rate(3);
  daily.rate->per = 24h;
  Limited before(daily);
  EXPECT_EQ(before.served({}), 3);
  RouteLimitsConfig often = daily;
  often.rate->requests = 1000;
  RouteLimitsConfig by_field = daily;
  by_field.rate->key = {Kind::header, "x-key"};  // which the requests do not have
  RouteLimitsConfig by_another = by_field;
  by_another.rate->key.header = "x-other";
  for (const RouteLimitsConfig& other : {rate(3), often, by_field, by_another}) {
    Limited after(other, make_limit_tables(1000, &before.tables()));
    EXPECT_EQ(after.served({}), 3);
    EXPECT_EQ(after.served({}), 0);
  }
  Limited same(daily, make_limit_tables(1000, &before.tables()));
  EXPECT_EQ(same.served({}), 0);
}

TEST(RouteLimits, OfTwoRoutesAreApart) {
  const LimitTables tables = make_limit_tables(1000, nullptr);
  const FieldList fields{};
  const auto one = RouteLimits::make(rate(1), "web", "one", tables);
  const auto two = RouteLimits::make(rate(1), "web", "two", tables);
  InFlightPlace place;
  const Requester requester{*base::parse_ip("192.0.2.1"), fields, {}};
  EXPECT_EQ(one->admit(requester, kLimitsStart, place).reason, Reason::none);
  EXPECT_EQ(two->admit(requester, kLimitsStart, place).reason, Reason::none);
  EXPECT_EQ(one->admit(requester, kLimitsStart, place).reason, Reason::rate_limited);
}

}  // namespace
}  // namespace ravelin::gateway
