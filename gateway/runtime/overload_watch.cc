#include "gateway/runtime/overload_watch.h"

#include "base/io/log.h"
#include "gateway/observe/open_descriptors.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;

namespace {

std::uint64_t memory_limit(const OverloadConfig& config) {
  switch (config.memory) {
    case OverloadConfig::Memory::off:
      return 0;
    case OverloadConfig::Memory::cgroup:
      return cgroup_memory_limit();
    case OverloadConfig::Memory::fixed:
      break;
  }
  return config.memory_bytes_max;
}

}  // namespace

Duration OverloadWatch::lasting_lag(MonoTime now, GatewayMetrics& metrics) {
  Duration slowest{0};
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const Duration lag = workers_[i]->reactor().take_max_lag(now);
    metrics.worker(i).event_loop_lag(metrics.control_cells(),
                                     std::chrono::duration_cast<std::chrono::microseconds>(lag));
    slowest = std::max(slowest, lag);
  }
  lags_[next_lag_++ % kLagTicks] = slowest;
  return *std::ranges::min_element(lags_);
}

OverloadPressure OverloadWatch::measure(const OverloadConfig& config, MonoTime now,
                                        GatewayMetrics& metrics) {
  OverloadPressure pressure;
  const std::uint64_t memory_max = memory_limit(config);
  const std::uint64_t memory = memory_max == 0 ? 0 : resident_bytes();
  pressure[OverloadResource::memory] = percent_of(memory, memory_max);
  pressure[OverloadResource::descriptors] =
      percent_of(descriptors_.look(now), descriptor_limit().value_or(0));
  const auto lag_max = std::chrono::duration_cast<Duration>(config.lag_max).count();
  pressure[OverloadResource::lag] =
      percent_of(static_cast<std::uint64_t>(lasting_lag(now, metrics).count()),
                 static_cast<std::uint64_t>(lag_max));
  const std::uint32_t requests = load_.requests_in_flight.load(std::memory_order_relaxed);
  pressure[OverloadResource::requests] = percent_of(requests, config.requests_max);
  return pressure;
}

void OverloadWatch::report(OverloadActions due) const {
  for (const OverloadAction action :
       {OverloadAction::stop_keep_alive, OverloadAction::refuse_connections,
        OverloadAction::shed_requests}) {
    if (due.has(action) == actions_.has(action)) continue;
    const OverloadResource reason = strongest_reason(pressure_, action);
    base::log(due.has(action) ? base::LogLevel::warn : base::LogLevel::info, "overload",
              due.has(action) ? "action begins" : "action ends",
              {{"action", to_string(action)},
               {"resource", to_string(reason)},
               {"percent", pressure_[reason]}});
  }
}

void OverloadWatch::tick(const OverloadConfig& config, MonoTime now, GatewayMetrics& metrics) {
  pressure_ = measure(config, now, metrics);
  const OverloadActions due = plan_overload(actions_, pressure_, config);
  if (due != actions_) {
    report(due);
    actions_ = due;
    load_.overload.store(due.bits(), std::memory_order_relaxed);
  }
  if (!actions_.has(OverloadAction::stop_keep_alive)) return;
  for (const auto& worker : workers_)
    worker->close_idle();
}

}  // namespace ravelin::gateway
