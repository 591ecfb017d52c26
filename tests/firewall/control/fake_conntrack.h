// A table of flows in memory.
#pragma once

#include "firewall/kernel/conntrack.h"

#include <vector>

namespace ravelin::firewall {

class FakeConntrack final : public ConntrackTable {
 public:
  Result<> each(const Take& take) override {
    if (is_silent) return base::fail(base::Errc::timeout, "the kernel does not answer");
    for (const Flow& flow : flows)
      take(flow);
    return {};
  }

  Result<bool> remove(const Flow& flow) override { return std::erase(flows, flow) != 0; }

  std::vector<Flow> flows;
  bool is_silent = false;
};

}  // namespace ravelin::firewall
