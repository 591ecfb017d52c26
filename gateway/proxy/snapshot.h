// Snapshot: one generation of the configuration, made ready to serve. Built on the control thread
// beside the one in use, then handed to every worker; immutable apart from counters. A request pins
// the one it began with.
#pragma once

#include "gateway/config/access_fields.h"
#include "gateway/config/config.h"
#include "gateway/http/fields.h"
#include "gateway/limit/route_limits.h"
#include "gateway/observe/gateway_metrics.h"
#include "gateway/route/router.h"
#include "gateway/tls/handshake_info.h"
#include "gateway/upstream/pool_runtime.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

struct RouteRuntime {
  const RouteConfig* config = nullptr;
  std::size_t pool = 0;  // index into Snapshot::pools; meaningless without config->pool
  RouteMetrics* metrics = nullptr;
  std::shared_ptr<const RouteLimits> limits;  // null: none
};

struct ListenerRuntime {
  const ListenerConfig* config = nullptr;
  Router router;
  std::vector<RouteRuntime> routes;  // in the router's order
  ListenerMetrics* metrics = nullptr;
  RouteMetrics* no_route_metrics = nullptr;
  std::shared_ptr<const TlsContext> tls_context;  // null without TLS
  std::string hsts;                               // value of Strict-Transport-Security
  std::vector<Field> response_fields;  // Via and Strict-Transport-Security; views into `hsts`
  bool has_hsts = false;
  bool asks_client = false;      // a route has rules about who the client is
  std::uint16_t first_port = 0;  // of its first TCP bind, for redirects
};

struct Snapshot {
  std::uint64_t generation = 0;
  Config config;
  AccessFieldSet access_fields = AccessFieldSet::all();
  std::vector<ListenerRuntime> listeners;
  std::vector<PoolRuntime> pools;
  std::unordered_map<std::string, std::size_t> listener_by_name;
  LimitTables limits;

  [[nodiscard]] const ListenerRuntime* find_listener(const std::string& name) const {
    const auto found = listener_by_name.find(name);
    return found == listener_by_name.end() ? nullptr : &listeners[found->second];
  }
};

}  // namespace ravelin::gateway
