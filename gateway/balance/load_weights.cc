#include "gateway/balance/load_weights.h"

#include "base/check.h"

#include <algorithm>
#include <cmath>

namespace ravelin::gateway {
namespace {

constexpr double kResponseTime = 2.7;    // seconds in which a correction is made to 1 - 1/e
constexpr double kGainMin = 0.05;        // of an overshooting server, as a part of the full gain
constexpr double kGainRegained = 1.15;   // per interval
constexpr double kFarOff = 0.4;          // no noise makes an error as large: the full gain
constexpr double kSamplesForHalf = 10;   // so many answers count as much as what was known before
constexpr double kSmoothing = 0.8;       // weight of one interval with many answers
constexpr double kLatencyMin = 1e-6;     // seconds: what cannot be told apart any more
constexpr double kErrorSmoothing = 0.5;  // the same for the share of errors
constexpr double kErrorShareMax = 0.95;  // beyond, a server costs no more
constexpr double kForgetting = 0.02;     // per interval without an answer: back towards 1
constexpr double kNoticedError = 0.02;   // corrections below are noise and say nothing of a sign
// So many answers of the pool for each of its servers, and none of this one: by chance, a server in
// turn that has its full weight is passed over so long once in e^20 times.
constexpr std::uint64_t kAnswersToForget = 20;

double seconds_of(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

bool was_seen(const LoadSample& sample) {
  return sample.answered != 0 || sample.stuck != 0;
}

}  // namespace

LoadWeights::LoadWeights(const LoadRules& rules, std::size_t servers)
    : rules_(rules),
      gain_max_(1 - std::exp(-seconds_of(rules.interval) / kResponseTime)),
      servers_(servers) {
  for (State& state : servers_)
    state.gain = gain_max_;
}

void LoadWeights::start_from(std::size_t server, double factor) {
  servers_[server].log_factor = std::log(std::clamp(factor, rules_.factor_min, 1.0));
}

double LoadWeights::factor(std::size_t server) const {
  return std::exp(servers_[server].log_factor);
}

void LoadWeights::observe(std::span<const LoadSample> samples) {
  CHECK(samples.size() == servers_.size());
  std::uint64_t answered = 0;  // by all
  for (const LoadSample& sample : samples)
    answered += sample.answered;
  double least = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    smooth(servers_[i], samples[i]);
    age(servers_[i], samples[i], answered);
    const double cost = servers_[i].cost_s;
    if (samples[i].in_turn && cost > 0 && (least == 0 || cost < least)) least = cost;
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    State& state = servers_[i];
    if (!samples[i].in_turn) continue;
    if (was_seen(samples[i]) && least > 0 && state.cost_s > 0) {
      correct(state, std::log(least / state.cost_s));
    } else {
      state.log_factor *= 1 - kForgetting;  // too little traffic to judge it by
    }
  }
}

// What a new request would wait for at most, as far as chance allows.
double LoadWeights::longest_wait_s(const LoadSample& sample) const {
  const auto waiting = static_cast<double>(sample.waiting);
  const double most = 2 * (waiting + 2);
  const auto answered = std::max(static_cast<double>(sample.answered), 1.0);
  return most * seconds_of(rules_.interval) / answered;
}

void LoadWeights::smooth(State& state, const LoadSample& sample) const {
  const auto answered = static_cast<double>(sample.answered);
  // By Little's law (1961), what waits tells of latency too: all there is of a server that hangs;
  // and while a queue drains the answers tell of the time when it was long.
  double latency = std::clamp(sample.latency_s, kLatencyMin, longest_wait_s(sample));
  const bool is_stuck = sample.stuck != 0;
  const double waited =
      static_cast<double>(sample.stuck) * seconds_of(rules_.interval) / std::max(answered, 1.0);
  if (is_stuck) latency = std::max(latency, waited);
  if (answered == 0 && !is_stuck) return;
  const double trust = is_stuck ? kSmoothing : kSmoothing * answered / (answered + kSamplesForHalf);
  const bool is_first = state.latency_s == 0;
  // In the logarithm, like the weights: a spike of a second is forgotten as fast as it came.
  state.latency_s =
      is_first ? latency : state.latency_s * std::pow(latency / state.latency_s, trust);
  state.error_share += kErrorSmoothing * (sample.error_share() - state.error_share);
  const double good = 1 - std::min(state.error_share, kErrorShareMax);
  // Errors are quick: without their price a server that only fails would draw every request.
  state.cost_s = state.latency_s / (good * good);
}

// Of a server that others are preferred to (a backup, another zone's) it is long ago: no measure
// for those that work now, and none of itself when it is needed again.
void LoadWeights::age(State& state, const LoadSample& sample, std::uint64_t answered) const {
  state.passed_over = was_seen(sample) ? 0 : state.passed_over + answered;
  if (state.passed_over < kAnswersToForget * servers_.size()) return;
  state.latency_s = 0;
  state.error_share = 0;
  state.cost_s = 0;
}

void LoadWeights::correct(State& state, double target) {
  const double bounded = std::clamp(target, std::log(rules_.factor_min), 0.0);
  const double error = bounded - state.log_factor;
  const bool is_noticed = std::abs(error) > kNoticedError;
  if (is_noticed && error * state.last_error < 0) {
    state.gain = std::max(state.gain / 2, gain_max_ * kGainMin);
  } else {
    const bool is_far = std::abs(error) > kFarOff;
    state.gain = is_far ? gain_max_ : std::min(state.gain * kGainRegained, gain_max_);
  }
  if (is_noticed) state.last_error = error;
  state.log_factor += state.gain * error;
}

}  // namespace ravelin::gateway
