// Three tiny web servers for the demo: each says its name. One thread of their own.
#pragma once

#include "base/result.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace ravelin::cli {

class DemoBackends {
 public:
  static constexpr std::size_t kCount = 3;

  // Listens on free ports of 127.0.0.1 and serves until destroyed. Error: no port.
  static base::Result<std::unique_ptr<DemoBackends>> start();
  DemoBackends(const DemoBackends&) = delete;
  DemoBackends& operator=(const DemoBackends&) = delete;
  ~DemoBackends();

  [[nodiscard]] const std::array<std::uint16_t, kCount>& ports() const { return ports_; }

  [[nodiscard]] std::uint64_t requests(std::size_t backend) const;

 private:
  DemoBackends();

  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::array<std::uint16_t, kCount> ports_{};
  std::thread thread_;
};

}  // namespace ravelin::cli
