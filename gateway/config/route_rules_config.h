// What a route does to the requests it takes and to their responses: values with their defaults.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "gateway/config/template.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

// One of the pools that share a route's requests.
struct SplitPart {
  base::SourcePos pos;
  std::string pool;
  std::uint32_t weight = 1;
};

// What keeps a client in its part of a split: the hash of a value it sends.
struct SplitStickiness {
  enum class By : std::uint8_t { nothing, header, cookie };

  By by = By::nothing;
  std::string name;
};

// How the fields of a message are changed, in this order.
struct FieldRules {
  struct Rule {
    std::string name;
    Template value;
  };

  std::vector<std::string> remove;
  std::vector<Rule> set;  // takes the place of every line of its name
  std::vector<Rule> add;  // one more line

  [[nodiscard]] bool empty() const { return remove.empty() && set.empty() && add.empty(); }
};

// The path the server gets; canonical as the one it replaces.
struct RewriteRule {
  enum class Kind : std::uint8_t {
    prefix,  // takes the place of the path the route matches
    path,    // takes the place of the whole path
  };

  Kind kind = Kind::prefix;
  std::string path;
};

// Of a route; what is not given is the listener's.
struct RouteBodyLimits {
  std::optional<std::uint64_t> bytes_max;             // 0 = no limit
  std::optional<std::chrono::milliseconds> idle;      // timeouts.body_idle
  std::optional<std::uint64_t> min_rate_bytes_per_s;  // timeouts.min_rate; 0 = off
};

// `hedge`: a safe request without a body that is slow to be answered is sent to a second server as
// well; whoever answers first is heard.
struct HedgeConfig {
  base::SourcePos pos;
  std::chrono::milliseconds after{};  // from the choice of the first server
  int percent_max = 10;               // of such requests may be sent twice
};

// `mirror`: a share of the requests is copied to another pool, whose answers nobody hears.
struct MirrorConfig {
  base::SourcePos pos;
  std::string pool;
  double percent = 100;
  std::uint64_t body_bytes_max = 64 * 1024;   // requests with a larger body are not copied
  std::uint32_t in_flight_max = 64;           // copies under way, per worker and pool
  std::chrono::milliseconds timeout{10'000};  // from when a copy is sent to its whole answer
};

// A file that takes the place of the gateway's own text in answers with these statuses.
struct ErrorPageConfig {
  base::SourcePos pos;
  int first_status = 0;  // 404 404, or 500 599 for "5xx"
  int last_status = 0;
  std::string path;
};

// The route answers 503 for now.
struct MaintenanceConfig {
  base::SourcePos pos;
  std::string page;  // file; "" = error_pages, or the gateway's own text
  std::chrono::seconds retry_after{600};
  std::vector<base::IpPrefix> except;  // clients that are served nevertheless
};

struct BasicAuthConfig {
  base::SourcePos pos;
  std::string realm = "restricted";
  std::string users;  // path of a password file
};

}  // namespace ravelin::gateway
