// HealthMonitor: decides on the control thread which servers may be used: active checks, ejection
// after failures in a row, names without addresses, and what the operator ordered. Every change of
// state is logged once, with its reason, and published to the workers.
#pragma once

#include "base/result.h"
#include "gateway/net/reactor.h"
#include "gateway/upstream/pool_runtime.h"
#include "gateway/upstream/resolve_names.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct ServerStatus {
  std::string pool;
  std::string server;
  std::string address;       // as configured
  std::string state;         // up, down, unresolved, ejected, drain, maint
  std::string reason;        // why it is not usable; empty for up
  std::uint32_t weight = 0;  // configured, or as the operator ordered
  std::uint32_t configured_weight = 0;
  std::uint32_t effective_weight = 0;  // what balancers use, in hundredths
  WeightParts weight_parts;            // why that is not `weight`
  SignalTotals signals;                // since the server was made
  std::uint32_t in_flight = 0;
  bool is_backup = false;
  int priority = 0;
  std::string zone;
  ServerSource source = ServerSource::config;
  base::WallTime changed;  // the state, the operator's order or the weight
};

class HealthMonitor {
 public:
  // All must outlive it. It must go on the thread that runs `control`, or after that has ended.
  HealthMonitor(Reactor& control, GatewayMetrics& metrics, DnsClient& dns);
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;
  ~HealthMonitor();

  // Watches the servers of this generation from now on; those of earlier ones no more. A Server
  // that was in the one before keeps its state, and its checks their pace.
  void use(const std::vector<PoolRuntime>& pools);

  // Checks of `server` use this from now on. One that is not watched is ignored.
  void use_tls(const Server& server, std::shared_ptr<const UpstreamContext> context);

  // A worker saw the last of `ejection.consecutive_failures` failures in a row. The last usable
  // server of a pool stays: without it every request would fail instead of some.
  void eject(const std::shared_ptr<Server>& server, Reason reason);

  // Told of the addresses nobody is to connect to (PoolConfig::quarantine), first and whenever they
  // are others: all of them, on the control thread.
  void on_quarantine(std::function<void(std::vector<base::IpEndpoint>)> tell);

  // ---- the operator ----
  // Error (not_found): no such pool or server, with those that exist.
  [[nodiscard]] base::Result<std::shared_ptr<Server>> find(std::string_view pool,
                                                           std::string_view server) const;
  // drain: no new requests, those in flight go on. maint: no checks either.
  base::Result<void> set_admin_state(std::string_view pool, std::string_view server,
                                     AdminState state);
  // 0 to 256; nothing = the configured weight again.
  base::Result<void> set_weight(std::string_view pool, std::string_view server,
                                std::optional<std::uint32_t> weight);

  // In the order of the configuration.
  [[nodiscard]] std::vector<ServerStatus> status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ravelin::gateway
