#include "certs/rotate/forecast.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;

constexpr seconds kOrdersSpan = hours(3);
constexpr seconds kNamesSpan = days(7);
// A certificate of minutes in a forecast of years is not counted out to its end.
constexpr std::size_t kRenewalsMax = 10'000;

std::vector<sys_seconds> renewals_of(const ForecastEntry& entry, sys_seconds now, sys_seconds end) {
  std::vector<sys_seconds> all;
  sys_seconds at = std::max(entry.at, now);
  while (at < end && all.size() < kRenewalsMax) {
    all.push_back(at);
    if (entry.lifetime <= seconds(0)) break;
    const sys_seconds next =
        renewal_time({.name = entry.name, .not_before = at, .not_after = at + entry.lifetime}).at;
    if (next <= at) break;
    at = next;
  }
  return all;
}

// Orders of one kind, each at its time.
using Times = std::vector<sys_seconds>;

// The most that fall into any stretch that long, and when that many are reached.
std::pair<std::size_t, sys_seconds> densest(Times times, seconds span) {
  std::ranges::sort(times);
  std::pair<std::size_t, sys_seconds> worst{0, {}};
  std::size_t first = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (times[i] - times[first] >= span)
      ++first;
    if (i + 1 - first > worst.first) worst = {i + 1 - first, times[i]};
  }
  return worst;
}

struct NameSet {
  std::string name;  // of a certificate that has it
  Times orders;
};

// What is counted for one issuer with limits.
struct Counted {
  Times orders;
  std::map<std::vector<std::string>, NameSet> sets;
};

void count(Counted& counted, const ForecastEntry& entry, const Times& renewals, sys_seconds now) {
  std::vector<std::string> names = entry.names;
  std::ranges::sort(names);
  NameSet& set = counted.sets[std::move(names)];
  if (set.name.empty()) set.name = entry.name;
  const auto add = [&](sys_seconds at) {
    set.orders.insert(set.orders.end(), entry.orders, at);
    counted.orders.insert(counted.orders.end(), entry.orders, at);
  };
  for (const sys_seconds at : entry.past)
    if (at + kNamesSpan > now && at <= now) add(at);
  for (const sys_seconds at : renewals)
    add(at);
}

void add_limits(const std::string& issuer, const Counted& counted, const IssuerLimits& limits,
                std::vector<LimitUse>& out) {
  const auto [orders, at] = densest(counted.orders, kOrdersSpan);
  out.push_back({issuer, "orders in 3 h", orders, limits.orders_per_3h, at});
  LimitUse worst{.issuer = issuer, .most = limits.same_names_per_7d};
  for (const auto& [names, set] : counted.sets) {
    const auto [used, when] = densest(set.orders, kNamesSpan);
    if (used <= worst.used) continue;
    worst.limit = fmt::format("orders for the names of {} in 7 d", set.name);
    worst.used = used;
    worst.at = when;
  }
  if (worst.used != 0) out.push_back(std::move(worst));
}

}  // namespace

Forecast forecast_orders(std::span<const ForecastEntry> entries,
                         const std::map<std::string, IssuerLimits>& limits, sys_seconds now,
                         seconds length) {
  std::map<std::chrono::sys_days, ForecastDay> by_day;
  std::map<std::string, Counted> counted;
  for (const ForecastEntry& entry : entries) {
    const Times renewals = renewals_of(entry, now, now + length);
    for (const sys_seconds at : renewals) {
      ForecastDay& day = by_day[floor<days>(at)];
      day.day = floor<days>(at);
      ++day.renewals;
      day.orders[entry.issuer] += entry.orders;
    }
    if (limits.contains(entry.issuer)) count(counted[entry.issuer], entry, renewals, now);
  }
  Forecast forecast;
  forecast.days.reserve(by_day.size());
  for (auto& [day, what] : by_day)
    forecast.days.push_back(std::move(what));
  for (const auto& [issuer, what] : counted)
    add_limits(issuer, what, limits.at(issuer), forecast.limits);
  return forecast;
}

}  // namespace ravelin::certs
