// Which requests a route takes and what becomes of them: values with their defaults.
#pragma once

#include "base/result.h"
#include "gateway/config/limits_config.h"
#include "gateway/config/match_config.h"
#include "gateway/config/route_rules_config.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

using std::chrono::milliseconds;

enum class PathPolicy {
  reject,     // a path with dot segments, %2F, %5C, backslash or empty segments is refused with 400
  normalise,  // it is normalised (RFC 3986 section 6.2.2, dot segments removed) and that is routed
              // and forwarded
};

struct RedirectAction {
  int status = 308;   // 301 302 303 307 308
  Template location;  // absolute URI or path
};

struct FixedResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct RetryConfig {
  int attempts = 2;  // further attempts after the first, on another server where there is one
  // After what. Only requests without effects (GET, HEAD, OPTIONS; RFC 9110 section 9.2.1) whose
  // body has not begun are sent again, except where no connection was made: then any is.
  bool on_connect = true;           // no connection
  bool on_closed = true;            // closed before a byte of response
  bool on_timeout = false;          // no byte of response in time
  std::vector<int> on_status;       // of responses, 400 to 599: they are then not passed on
  milliseconds per_try_timeout{0};  // from the choice of a server to its first byte; 0 = none
};

struct RouteConfig {
  SourcePos pos;
  std::string name;  // given, or "listener/N" (N from 0, in file order)
  RouteMatch match;
  std::vector<base::IpPrefix> deny;   // clients that get 403; wins over allow
  std::vector<base::IpPrefix> allow;  // not empty: every other client gets 403
  std::string pool;                   // exactly one of pool, split, redirect, respond is set
  std::vector<SplitPart> split;
  SplitStickiness sticky;  // of `split`
  std::optional<RedirectAction> redirect;
  std::optional<FixedResponse> respond;
  PathPolicy path_policy = PathPolicy::reject;
  std::optional<RewriteRule> rewrite;  // only with pool or split
  FieldRules request_headers;          // only with pool or split
  FieldRules response_headers;         // of every final response, the gateway's own as well
  RouteBodyLimits body;
  std::vector<ErrorPageConfig> error_pages;  // before those of the listener
  std::optional<MaintenanceConfig> maintenance;
  std::optional<BasicAuthConfig> basic_auth;
  milliseconds request_timeout{0};          // whole request, 0 = none
  milliseconds first_byte_timeout{60'000};  // request sent to first response byte
  RetryConfig retry;
  std::optional<HedgeConfig> hedge;  // only with pool or split, as the next
  std::optional<MirrorConfig> mirror;
  bool upgrades = true;                         // WebSocket and other `Upgrade` tunnels
  milliseconds tunnel_idle_timeout{3'600'000};  // a tunnel without a byte either way ends
  RouteLimitsConfig limits;                     // in force: its own, else the listener's
};

}  // namespace ravelin::gateway
