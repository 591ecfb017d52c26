// The firewall's agent as a process.
#pragma once

#include "cli/firewall/firewall.h"

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

// Owns the table until SIGTERM or SIGINT. `ready`: the table is in the kernel.
ExitCode watch_firewall(const WatchFlags& flags, const std::function<void()>& ready);

}  // namespace ravelin::cli
