// RetryBudget: keeps retries a part of the requests, so that a pool in trouble is not sent a
// multiple of its load. Each worker has one for each pool. Pure; the caller brings the time.
#pragma once

#include "base/clock.h"
#include "gateway/config/config.h"

#include <algorithm>

namespace ravelin::gateway {

class RetryBudget {
 public:
  explicit RetryBudget(const RetryBudgetConfig& config)
      : per_request_(config.percent / 100.0),
        per_s_(config.min_per_s),
        most_(is_none(config) ? 0 : std::max(10.0, 10.0 * config.min_per_s)),
        saved_(most_) {}

  // A request, not a retry, is sent.
  void request() { saved_ = std::min(saved_ + per_request_, most_); }

  // Whether another retry may be.
  [[nodiscard]] bool has_any(base::MonoTime now) {
    const std::chrono::duration<double> since = now - refilled_;
    refilled_ = now;
    saved_ = std::min(saved_ + per_s_ * std::max(since.count(), 0.0), most_);
    return saved_ >= 1;
  }

  // The same, and spends it.
  bool take(base::MonoTime now) {
    if (!has_any(now)) return false;
    saved_ -= 1;
    return true;
  }

 private:
  // Nothing is allowed, nor saved up before.
  static bool is_none(const RetryBudgetConfig& config) {
    return config.percent == 0 && config.min_per_s == 0;
  }

  double per_request_;
  double per_s_;
  double most_;  // what a quiet time may save up
  double saved_;
  base::MonoTime refilled_;
};

}  // namespace ravelin::gateway
