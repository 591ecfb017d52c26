// Which requests a route takes and what becomes of them: values with their defaults.
#pragma once

#include "base/result.h"
#include "gateway/config/limits_config.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

using base::SourcePos;
using std::chrono::milliseconds;

enum class PathPolicy {
  reject,     // a path with dot segments, %2F, %5C, backslash or empty segments is refused with 400
  normalise,  // it is normalised (RFC 3986 section 6.2.2, dot segments removed) and that is routed
              // and forwarded
};

// Which requests a route takes. Of all routes of the listener that match, the most specific wins,
// by host, then path, then methods; the order in the file says nothing:
//   host     exact > the wildcard with more labels > the wildcard with fewer > any
//   path     exact > the longer prefix > the shorter prefix > any
//   methods  given > any
// Two routes equal in all three (methods: sharing one) are refused by validate().
struct RouteMatch {
  std::string host;  // lower case, no port; "" = any; "*.example.com" = one or more labels below
  std::string path;  // "" or "/" = any. Else a prefix at a segment border: "/v1" matches /v1 and
                     // /v1/…, never /v1x; "/v1/" matches /v1/ and /v1/…, never /v1. Compared byte
                     // for byte with the path of the target (no query), which is case-sensitive
  bool path_is_exact = false;        // `path_exact: /v1`: that path alone
  std::vector<std::string> methods;  // case-sensitive tokens; empty = any
};

struct RedirectAction {
  int status = 308;      // 301 302 303 307 308
  std::string location;  // absolute URI or path; {host} {path} {query} are replaced
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
  std::string pool;  // exactly one of pool, redirect, respond is set
  std::optional<RedirectAction> redirect;
  std::optional<FixedResponse> respond;
  PathPolicy path_policy = PathPolicy::reject;
  milliseconds request_timeout{0};          // whole request, 0 = none
  milliseconds first_byte_timeout{60'000};  // request sent to first response byte
  RetryConfig retry;
  bool upgrades = true;                         // WebSocket and other `Upgrade` tunnels
  milliseconds tunnel_idle_timeout{3'600'000};  // a tunnel without a byte either way ends
  RouteLimitsConfig limits;                     // in force: its own, else the listener's
};

}  // namespace ravelin::gateway
