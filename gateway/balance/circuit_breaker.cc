#include "gateway/balance/circuit_breaker.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr std::uint64_t kProbesMin = 5;  // with fewer the probing goes on

}  // namespace

std::string_view to_string(Circuit circuit) {
  switch (circuit) {
    case Circuit::closed:
      return "closed";
    case Circuit::open:
      return "open";
    case Circuit::probing:
      return "probing";
  }
  return "?";
}

CircuitBreaker::CircuitBreaker(const CircuitConfig& config, base::Duration interval)
    : config_(config),
      window_(std::max<std::size_t>(static_cast<std::size_t>(config.window / interval), 1)) {}

Circuit CircuitBreaker::observe(const LoadSample& sample, base::MonoTime now) {
  // What still ends while it is open was admitted before.
  if (state_ == Circuit::open) {
    if (now >= probe_at_) state_ = Circuit::probing;
    return state_;
  }
  if (state_ == Circuit::closed) {
    add(sample);
    const Counts counts = in_window();
    if (counts.attempts >= config_.requests_min && fails(counts)) open(now);
    return state_;
  }
  // However long they take: where requests are few, a window would never hold enough of them.
  probes_.attempts += sample.attempts;
  probes_.errors += sample.errors;
  if (probes_.attempts < kProbesMin) return state_;
  if (fails(probes_)) {
    open(now);
  } else {
    state_ = Circuit::closed;
  }
  return state_;
}

void CircuitBreaker::add(const LoadSample& sample) {
  window_[next_] = {sample.attempts, sample.errors};
  next_ = (next_ + 1) % window_.size();
}

CircuitBreaker::Counts CircuitBreaker::in_window() const {
  Counts sum;
  for (const Counts& counts : window_) {
    sum.attempts += counts.attempts;
    sum.errors += counts.errors;
  }
  return sum;
}

bool CircuitBreaker::fails(const Counts& counts) const {
  return counts.errors * 100 >= counts.attempts * static_cast<std::uint64_t>(config_.error_percent);
}

void CircuitBreaker::open(base::MonoTime now) {
  state_ = Circuit::open;
  probe_at_ = now + config_.open_for;
  std::ranges::fill(window_, Counts());
  probes_ = {};
}

}  // namespace ravelin::gateway
