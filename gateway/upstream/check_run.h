// One health check over the network: a connection of its own, always with a deadline, closed at its
// end. Says what it found; what follows is the monitor's business. The control thread.
#pragma once

#include "base/io/task.h"
#include "gateway/net/buffer.h"
#include "gateway/net/reactor.h"
#include "gateway/tls/upstream_context.h"
#include "gateway/upstream/health_state.h"

#include <memory>
#include <string>

namespace ravelin::gateway {

struct CheckTarget {
  std::shared_ptr<const HealthConfig> config;
  std::shared_ptr<const AddressList> addresses;     // tried in order; not empty
  std::shared_ptr<const UpstreamContext> tls;       // null = in the clear
  std::string server_name;                          // for the Host field
  std::string weight_header = {};                   // its report in the answer; empty = none
  ProxyVersion proxy_protocol = ProxyVersion::off;  // the header it wants: of our own connection
};

// Ends within config->timeout. Destroying the task closes the connection.
base::Task<CheckResult> run_check(CheckTarget target, Reactor& reactor, BufferPool& buffers);

}  // namespace ravelin::gateway
