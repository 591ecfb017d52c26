// A health check by a program of the operator's (`kind: command`): run, waited for, judged by how
// it ends. The control thread; nothing here blocks it.
#pragma once

#include "base/io/task.h"
#include "gateway/net/reactor.h"
#include "gateway/upstream/health_state.h"

#include <memory>
#include <string>

namespace ravelin::gateway {

struct CommandTarget {
  std::shared_ptr<const HealthConfig> config;
  std::string pool;
  std::string server;
  std::string address;                           // as configured
  std::shared_ptr<const AddressList> addresses;  // the first is told as well, where it is an IP's
};

// Passes when the program ends with 0 within config->timeout; then it and all it started in its
// process group are killed. It gets no input, its output goes nowhere, and its environment is PATH,
// RAVELIN_POOL, RAVELIN_SERVER, RAVELIN_ADDRESS, and RAVELIN_IP and RAVELIN_PORT. Void: it could
// not be started. Destroying the task kills it too.
base::Task<CheckResult> run_command_check(CommandTarget target, Reactor& reactor);

}  // namespace ravelin::gateway
