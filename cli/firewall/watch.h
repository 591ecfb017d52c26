// The firewall's agent as a process.
#pragma once

#include "cli/firewall/firewall.h"
#include "firewall/agent/agent.h"

#include <functional>
#include <string>

namespace ravelin::cli {

struct WatchFlags {
  FirewallFlags common;
  std::string policy;
  std::string metrics_file;
  std::string gateway_user = "ravelin";
  bool until_confirmed = false;
};

// Of whoever has started it: what is part of its policy, at first and when `fd` is readable.
struct WatchOrders {
  int fd = -1;
  std::function<void(firewall::Agent&)> begin{};
  std::function<void(firewall::Agent&)> serve{};
  std::function<void()> addition_settled{};
};

// Owns the table until SIGTERM or SIGINT. `ready`: the table is in the kernel.
ExitCode watch_firewall(const WatchFlags& flags, const std::function<void()>& ready,
                        const WatchOrders& orders = {});

}  // namespace ravelin::cli
