#include "certs/rotate/order_count.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using std::chrono::days;
using std::chrono::hours;

std::string span_text(seconds span) {
  if (span % days(1) == seconds(0)) return fmt::format("{} d", span / days(1));
  return fmt::format("{} h", span / hours(1));
}

// The most that fall into any stretch that long, and when that many are reached.
std::pair<std::size_t, sys_seconds> densest(std::vector<sys_seconds> times, seconds span) {
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

// How many of an order's certificates count for a limit.
std::size_t counted(const Orders& orders, const CaLimits& limits, const OrderLimit& limit) {
  if (orders.kind == OrderKind::replacing && limits.exempts_replacing) return 0;
  if (limit.counts_renewals) return orders.count;
  return orders.kind == OrderKind::first ? std::min<std::size_t>(orders.count, 1) : 0;
}

}  // namespace

OrderCount::OrderCount(CaLimits limits, const PublicSuffixes& suffixes)
    : limits_(limits), suffixes_(suffixes), counted_(limits.limits.size()) {}

std::map<std::string, std::string> OrderCount::subjects_of(
    const OrderLimit& limit, const std::vector<std::string>& names) const {
  std::map<std::string, std::string> subjects;
  switch (limit.by) {
    case LimitedBy::account:
      subjects[""] = "";
      break;
    case LimitedBy::registered_domain:
      for (const std::string& name : names) {
        const std::string domain = suffixes_.registered_domain(name);
        subjects[domain] = domain;
      }
      break;
    case LimitedBy::exact_names: {
      std::vector<std::string> sorted = names;
      std::ranges::sort(sorted);
      subjects[base::join(sorted, " ")] = names.empty() ? "" : "the names of " + names.front();
    }
  }
  return subjects;
}

void OrderCount::add(const Orders& orders) {
  for (std::size_t i = 0; i < limits_.limits.size(); ++i) {
    const std::size_t count = counted(orders, limits_, limits_.limits[i]);
    if (count == 0) continue;
    for (auto& [key, text] : subjects_of(limits_.limits[i], orders.names)) {
      Subject& subject = counted_[i][key];
      if (subject.text.empty()) subject.text = text;
      subject.times.insert(subject.times.end(), count, orders.at);
    }
  }
}

LimitUse OrderCount::use_of(const OrderLimit& limit, const std::string& issuer,
                            const std::string& subject) const {
  LimitUse use{
      .issuer = issuer, .by = limit.by, .most = limit.most, .is_assumed = limits_.is_assumed};
  const std::string span = span_text(limit.span);
  switch (limit.by) {
    case LimitedBy::account:
      use.limit = "orders in " + span;
      break;
    case LimitedBy::registered_domain:
      use.limit = fmt::format("certificates for {} in {}", subject, span);
      break;
    case LimitedBy::exact_names:
      use.limit = fmt::format("orders for {} in {}", subject, span);
  }
  return use;
}

std::vector<LimitUse> OrderCount::nearest(const std::string& issuer, sys_seconds now) const {
  std::vector<LimitUse> uses;
  for (std::size_t i = 0; i < limits_.limits.size(); ++i) {
    const OrderLimit& limit = limits_.limits[i];
    std::optional<LimitUse> worst;
    if (limit.by == LimitedBy::account) worst = use_of(limit, issuer, "");
    for (const auto& [key, subject] : counted_[i]) {
      std::vector<sys_seconds> times = subject.times;
      std::erase_if(times, [&](const sys_seconds at) { return at + limit.span <= now; });
      const auto [used, at] = densest(std::move(times), limit.span);
      if (used <= (worst ? worst->used : 0)) continue;
      worst = use_of(limit, issuer, subject.text);
      worst->used = used;
      worst->at = at;
    }
    if (worst) uses.push_back(std::move(*worst));
  }
  return uses;
}

std::vector<LimitUse> OrderCount::left_for(const std::string& issuer,
                                           const std::vector<std::string>& names,
                                           sys_seconds now) const {
  std::vector<LimitUse> uses;
  for (std::size_t i = 0; i < limits_.limits.size(); ++i) {
    const OrderLimit& limit = limits_.limits[i];
    for (const auto& [key, text] : subjects_of(limit, names)) {
      LimitUse use = use_of(limit, issuer, text);
      use.at = now;
      if (const auto found = counted_[i].find(key); found != counted_[i].end())
        use.used = static_cast<std::size_t>(std::ranges::count_if(
            found->second.times,
            [&](const sys_seconds at) { return at <= now && at + limit.span > now; }));
      uses.push_back(std::move(use));
    }
  }
  return uses;
}

}  // namespace ravelin::certs
