#include "certs/rotate/forecast.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using std::chrono::days;
using std::chrono::floor;

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

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

// The orders of one certificate to come, each as its CA will see it.
std::vector<Orders> orders_of(const ForecastEntry& entry, const CaLimits* limits, sys_seconds now,
                              sys_seconds end) {
  std::vector<Orders> all;
  OrderKind kind = entry.may_replace ? OrderKind::replacing : kind_of(entry.names, entry.past);
  for (const sys_seconds at : renewals_of(entry, now, end)) {
    all.push_back({at, entry.names, kind, entry.orders});
    // From the second on it has a certificate of this CA to replace.
    kind = limits != nullptr && limits->exempts_replacing ? OrderKind::replacing : OrderKind::again;
  }
  return all;
}

}  // namespace

OrderKind kind_of(const std::vector<std::string>& names, std::span<const Orders> past) {
  const std::vector<std::string> wanted = sorted(names);
  const bool is_known = std::ranges::any_of(
      past, [&](const Orders& orders) { return sorted(orders.names) == wanted; });
  return is_known ? OrderKind::again : OrderKind::first;
}

Forecast forecast_orders(std::span<const ForecastEntry> entries,
                         const std::map<std::string, CaLimits>& limits,
                         const PublicSuffixes& suffixes, sys_seconds now, seconds length) {
  std::map<std::chrono::sys_days, ForecastDay> by_day;
  std::map<std::string, OrderCount> counted;
  for (const ForecastEntry& entry : entries) {
    const auto known = limits.find(entry.issuer);
    const CaLimits* ca = known == limits.end() ? nullptr : &known->second;
    OrderCount* count =
        ca == nullptr ? nullptr : &counted.try_emplace(entry.issuer, *ca, suffixes).first->second;
    for (const Orders& orders : entry.past)
      if (count != nullptr && orders.at <= now) count->add(orders);
    for (const Orders& orders : orders_of(entry, ca, now, now + length)) {
      ForecastDay& day = by_day[floor<days>(orders.at)];
      day.day = floor<days>(orders.at);
      ++day.renewals;
      day.orders[entry.issuer] += orders.count;
      if (orders.kind == OrderKind::replacing && ca != nullptr && ca->exempts_replacing)
        day.exempt[entry.issuer] += orders.count;
      if (count != nullptr) count->add(orders);
    }
  }
  Forecast forecast;
  forecast.days.reserve(by_day.size());
  for (auto& [day, what] : by_day)
    forecast.days.push_back(std::move(what));
  for (const auto& [issuer, count] : counted) {
    auto uses = count.nearest(issuer, now);
    std::ranges::move(uses, std::back_inserter(forecast.limits));
  }
  return forecast;
}

}  // namespace ravelin::certs
