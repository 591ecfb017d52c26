// What two readings of a server's signals say about the time between them. Pure.
#pragma once

#include "gateway/balance/load_sample.h"
#include "gateway/upstream/server_signals.h"

#include <algorithm>

namespace ravelin::gateway {

inline LoadSample load_between(const SignalTotals& before, const SignalTotals& now) {
  LoadSample sample;
  sample.answered = now.answered - before.answered;
  if (sample.answered != 0) {
    const auto us = static_cast<double>(now.latency_us - before.latency_us);
    sample.latency_s = us / static_cast<double>(sample.answered) / 1e6;
  }
  // Answers come in the order of the requests, nearly: as many as ended since were the oldest.
  const std::uint64_t gone = now.answered + now.unanswered - before.answered - before.unanswered;
  sample.stuck = before.waiting() > gone ? before.waiting() - gone : 0;
  sample.waiting = now.waiting();
  sample.attempts = sample.answered + (now.failures - before.failures);
  sample.errors = std::min(now.errors - before.errors, sample.attempts);
  return sample;
}

}  // namespace ravelin::gateway
