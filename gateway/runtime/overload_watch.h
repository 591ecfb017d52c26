// OverloadWatch: measures, lets plan_overload() decide, and tells the workers in one word. Control
// thread, on every tick.
#pragma once

#include "gateway/limit/overload.h"
#include "gateway/runtime/overload_probe.h"
#include "gateway/runtime/worker.h"

#include <array>
#include <memory>
#include <vector>

namespace ravelin::gateway {

class OverloadWatch {
 public:
  OverloadWatch(std::vector<std::unique_ptr<Worker>>& workers, GatewayLoad& load)
      : workers_(workers), load_(load) {}  // must outlive it

  // How late the loops are is counted in `metrics`, too.
  void tick(const OverloadConfig& config, base::MonoTime now, GatewayMetrics& metrics);

  [[nodiscard]] OverloadActions actions() const { return actions_; }

  [[nodiscard]] const OverloadPressure& pressure() const { return pressure_; }

 private:
  // A late loop counts once it was late in each of this many ticks: one hiccup is no overload.
  static constexpr std::size_t kLagTicks = 4;

  [[nodiscard]] OverloadPressure measure(const OverloadConfig& config, base::MonoTime now,
                                         GatewayMetrics& metrics);
  base::Duration lasting_lag(base::MonoTime now, GatewayMetrics& metrics);
  void report(OverloadActions due) const;

  std::vector<std::unique_ptr<Worker>>& workers_;
  GatewayLoad& load_;
  DescriptorCount descriptors_;
  std::array<base::Duration, kLagTicks> lags_{};
  std::size_t next_lag_ = 0;
  OverloadActions actions_;
  OverloadPressure pressure_;
};

}  // namespace ravelin::gateway
