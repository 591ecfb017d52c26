// Pools for tests of the health monitor, made as a snapshot makes them: a server that was there
// before is kept.
#pragma once

#include "gateway/upstream/pool_runtime.h"

#include <map>
#include <string>
#include <vector>

namespace ravelin::gateway::test {

class PoolMaker {
 public:
  explicit PoolMaker(GatewayMetrics& metrics) : metrics_(metrics) {}

  // Names of servers without one are their addresses.
  PoolRuntime make(PoolConfig config,
                   const std::vector<std::shared_ptr<const UpstreamContext>>& tls = {}) {
    std::vector<std::shared_ptr<Server>> servers;
    for (ServerConfig& server : config.servers) {
      if (server.name.empty()) server.name = base::to_string(server.address);
      auto made = std::make_shared<Server>(config.name, server);
      auto& kept = known_[made->identity()];
      if (kept == nullptr) kept = std::move(made);
      kept->control().configured_weight = static_cast<std::uint32_t>(server.weight);
      kept->control().backup = server.backup;
      kept->control().weight_bounds = config.weight_bounds;
      kept->set_in_flight_max(server.connections_max);
      kept->publish();
      servers.push_back(kept);
    }
    PoolRuntime runtime;
    runtime.tls = tls;
    runtime.tls.resize(servers.size());
    runtime.metrics = &metrics_.pool(config.name);
    runtime.pool = std::make_shared<Pool>(std::move(config), std::move(servers));
    return runtime;
  }

 private:
  GatewayMetrics& metrics_;
  std::map<std::string, std::shared_ptr<Server>> known_;
};

}  // namespace ravelin::gateway::test
