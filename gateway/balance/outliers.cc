#include "gateway/balance/outliers.h"

#include "base/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ravelin::gateway {
namespace {

constexpr std::uint64_t kErrorsMin = 5;
constexpr double kDeviationsMin = 5;

// How many standard deviations the shares errors/attempts of two groups lie apart.
double deviations(double errors, double attempts, double other_errors, double other_attempts) {
  const double all = (errors + other_errors) / (attempts + other_attempts);
  const double variance = all * (1 - all) * (1 / attempts + 1 / other_attempts);
  if (variance <= 0) return 0;
  return (errors / attempts - other_errors / other_attempts) / std::sqrt(variance);
}

}  // namespace

std::optional<Outlier> Outliers::observe(std::span<const LoadSample> samples) {
  CHECK(samples.size() == servers_.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    take(servers_[i], samples[i]);
  std::optional<Outlier> worst;
  if (rules_.error_excess > 0) worst = worst_by_errors();
  if (!worst && rules_.latency_factor > 0) worst = worst_by_latency();
  if (worst) servers_[worst->server] = {};
  return worst;
}

void Outliers::take(State& state, const LoadSample& sample) const {
  if (!sample.in_turn) {
    state = {};
    return;
  }
  state.in_turn = true;
  const auto answered = static_cast<double>(sample.answered);
  const Sums now{.attempts = sample.attempts,
                 .errors = sample.errors,
                 .timed = sample.answered + sample.stuck,
                 .latency_s = sample.latency_s * answered +
                              rules_.interval_s * static_cast<double>(sample.stuck)};
  if (state.window.size() < rules_.window) {
    state.window.push_back(now);
  } else {
    state.window[state.next] = now;
    state.next = (state.next + 1) % rules_.window;
  }
  state.sums = {};
  for (const Sums& each : state.window) {
    state.sums.attempts += each.attempts;
    state.sums.errors += each.errors;
    state.sums.timed += each.timed;
    state.sums.latency_s += each.latency_s;
  }
}

std::optional<Outlier> Outliers::worst_by_errors() const {
  Sums all;
  for (const State& state : servers_) {
    all.attempts += state.sums.attempts;
    all.errors += state.sums.errors;
  }
  std::optional<Outlier> worst;
  double most = 0;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const Sums& own = servers_[i].sums;
    const std::uint64_t other_attempts = all.attempts - own.attempts;
    if (own.attempts < rules_.requests_min || own.errors < kErrorsMin || other_attempts == 0)
      continue;
    const auto attempts = static_cast<double>(own.attempts);
    const auto others = static_cast<double>(other_attempts);
    const auto other_errors = static_cast<double>(all.errors - own.errors);
    const double share = static_cast<double>(own.errors) / attempts;
    const double other_share = other_errors / others;
    if (share - other_share < std::max(rules_.error_excess, most)) continue;
    if (deviations(static_cast<double>(own.errors), attempts, other_errors, others) <
        kDeviationsMin)
      continue;
    most = share - other_share;
    worst = Outlier{i, fmt::format("{:.1f} % errors in {} requests, the others {:.1f} %",
                                   100 * share, own.attempts, 100 * other_share)};
  }
  return worst;
}

// Of the mean latencies of the servers that are judged; nothing without any.
std::optional<double> Outliers::median_latency_without(std::size_t server) const {
  std::vector<double> means;
  means.reserve(servers_.size());
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const Sums& sums = servers_[i].sums;
    if (i != server && sums.timed >= rules_.requests_min)
      means.push_back(sums.latency_s / static_cast<double>(sums.timed));
  }
  if (means.empty()) return std::nullopt;
  const auto middle = means.begin() + static_cast<std::ptrdiff_t>((means.size() - 1) / 2);
  std::nth_element(means.begin(), middle, means.end());
  return *middle;
}

std::optional<Outlier> Outliers::worst_by_latency() const {
  std::optional<Outlier> worst;
  double most = rules_.latency_factor;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const Sums& own = servers_[i].sums;
    if (own.timed < rules_.requests_min) continue;
    const auto others = median_latency_without(i);
    const double mean = own.latency_s / static_cast<double>(own.timed);
    if (!others || mean < *others * most || mean - *others < rules_.latency_excess_s) continue;
    most = mean / *others;
    worst =
        Outlier{i, fmt::format("{:.0f} ms to the first byte in {} requests, the others {:.0f} ms",
                               1000 * mean, own.timed, 1000 * *others)};
  }
  return worst;
}

}  // namespace ravelin::gateway
