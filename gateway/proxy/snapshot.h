// Snapshot: one generation of the configuration, made ready to serve. Built on the control thread
// beside the one in use, then handed to every worker; immutable apart from counters. A request pins
// the one it began with.
#pragma once

#include "gateway/config/access_fields.h"
#include "gateway/config/config.h"
#include "gateway/config/password_file.h"
#include "gateway/http/fields.h"
#include "gateway/limit/abuse_table.h"
#include "gateway/limit/route_limits.h"
#include "gateway/observe/gateway_metrics.h"
#include "gateway/proxy/error_pages.h"
#include "gateway/route/field_changes.h"
#include "gateway/route/router.h"
#include "gateway/tls/handshake_info.h"
#include "gateway/upstream/pool_runtime.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

struct SplitTarget {
  std::size_t pool = 0;  // index into Snapshot::pools
  RouteMetrics* metrics = nullptr;
};

// Names a copy to the server that gets it, in place of one the client sent.
inline constexpr std::string_view kMirroredBy = "X-Mirrored-By";

// The pool that gets copies of a route's requests.
struct MirrorTarget {
  std::size_t pool = 0;     // index into Snapshot::pools
  std::uint64_t share = 0;  // of 2^32
  FieldChanges changes;     // what the copies' fields are changed by
};

struct RouteRuntime {
  const RouteConfig* config = nullptr;
  std::size_t pool = 0;  // index into Snapshot::pools; meaningless without config->pool
  RouteMetrics* metrics = nullptr;
  std::vector<SplitTarget> split;  // as config->split
  std::size_t turn = 0;            // index into WorkerSnapshot::turns; meaningless without a split
  bool edits_request = false;      // request_changes are not empty
  bool edits_response = false;     // response_changes
  FieldChanges request_changes;
  FieldChanges response_changes;
  ErrorPages pages;
  std::optional<ErrorPage> maintenance_page;
  std::shared_ptr<const PasswordFile> users;  // of basic_auth; null = open to everybody
  // The route's own, else the listener's.
  std::uint64_t body_bytes_max = 0;  // 0 = no limit
  std::chrono::milliseconds body_idle{};
  std::uint64_t min_rate_bytes_per_s = 0;
  std::shared_ptr<const RouteLimits> limits;   // null: none
  std::unique_ptr<const MirrorTarget> mirror;  // null: none
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
  ErrorPages pages;
  bool asks_tls = false;         // a route's rules write the TLS version, cipher or subject
  bool asks_client = false;      // a route has rules about who the client is
  std::uint16_t first_port = 0;  // of its first TCP bind, for redirects
};

struct ListenerTable {
  std::vector<ListenerRuntime> all;
  std::unordered_map<std::string, std::size_t> by_name;
};

// Copied, it is the start of a generation that differs in the servers of some pools alone: what is
// behind the pointers is shared.
struct Snapshot {
  std::uint64_t generation = 0;
  std::shared_ptr<const Config> config;  // never null; listeners, routes and fields point into it
  AccessFieldSet access_fields = AccessFieldSet::all();
  std::shared_ptr<const ListenerTable> table;
  std::span<const ListenerRuntime> listeners;  // of `table`
  std::vector<PoolRuntime> pools;              // in the order of the configuration
  LimitTables limits;
  std::string sticky_secret;  // of this start: for pools whose `sticky` has no key of its own
  std::shared_ptr<AbuseTable> abuse;  // null: nobody is banned

  [[nodiscard]] const ListenerRuntime* find_listener(const std::string& name) const {
    const auto found = table->by_name.find(name);
    return found == table->by_name.end() ? nullptr : &listeners[found->second];
  }
};

}  // namespace ravelin::gateway
