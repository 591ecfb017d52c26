// The watch over swaps in the process of the gateway (swap_watcher.h): what its thread asks of the
// control thread.
#pragma once

#include "certs/rotate/swap_watcher.h"
#include "gateway/runtime/gateway.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace ravelin::cli {

class SwapWatch {
 public:
  // The control thread, before the gateway runs. `lasts`: of the watch; 0 = canaries only.
  SwapWatch(gateway::Gateway& gateway, certs::RotationParts rotation, std::chrono::seconds lasts);
  SwapWatch(const SwapWatch&) = delete;
  SwapWatch& operator=(const SwapWatch&) = delete;
  ~SwapWatch();  // the control thread, before the gateway goes

  void collect(gateway::MetricSamples& samples) const;

 private:
  [[nodiscard]] std::optional<certs::SwapNow> ask(const certs::CertificateSwap& swap);

  gateway::Gateway& gateway_;
  std::string store_;
  std::atomic<bool> is_ending_{false};
  std::unique_ptr<certs::SwapWatcher> watcher_;
};

}  // namespace ravelin::cli
