// The gateway's configuration as values: what ravelin.yaml means once read. Defaults are the secure
// ones and stand here, once. Built by gateway/config/parse.*; immutable afterwards; any thread.
#pragma once

#include "base/address.h"
#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

using base::SourcePos;
using std::chrono::milliseconds;
using std::chrono::seconds;

// ---- TLS ----
enum class TlsProfile { intermediate, modern };  // Mozilla guideline 6.0; nothing older exists
enum class ClientAuthMode { none, request, require };

struct CertificateConfig {
  SourcePos pos;
  std::string chain;  // path of a PEM file: leaf first, then intermediates; absolute after parsing
  std::string key;    // path of a PEM private key
  bool is_default =
      false;  // `default: true`: served for a name no certificate covers, and without SNI
};

struct ClientAuthConfig {
  SourcePos pos;
  ClientAuthMode mode = ClientAuthMode::none;
  std::string ca;   // PEM bundle; required unless mode is none
  std::string crl;  // PEM CRLs; empty = none
};

struct TicketConfig {
  seconds rotate{12 * 3600};  // a new key this often
  int keep = 3;               // keys kept for decryption, the newest encrypts
};

struct HstsConfig {
  std::optional<seconds> max_age;  // absent = no header; default of a TLS listener is 63072000 s
  bool include_subdomains = false;
};

struct ListenerTlsConfig {
  SourcePos pos;
  TlsProfile profile = TlsProfile::intermediate;
  std::vector<CertificateConfig> certificates;
  bool from_store = false;  // a `{ store: true }` entry: every name of certs.store as well
  ClientAuthConfig client_auth;
  TicketConfig tickets;
  HstsConfig hsts{.max_age = seconds(63'072'000)};
};

// ---- HTTP limits and times (per listener) ----
struct HttpLimits {
  std::uint32_t request_line_bytes_max = 8 * 1024;
  std::uint32_t header_bytes_max = 32 * 1024;  // request line and fields together
  std::uint32_t header_count_max = 100;
  std::uint32_t chunk_extension_bytes_max = 4 * 1024;  // per message
  std::uint32_t trailer_bytes_max = 8 * 1024;
  std::uint64_t body_bytes_max = 0;               // 0 = no limit
  std::uint32_t requests_per_connection_max = 0;  // 0 = no limit
};

struct ListenerTimeouts {
  milliseconds handshake{10'000};
  milliseconds header{10'000};     // first byte of a request to the end of its head
  milliseconds idle{60'000};       // keep-alive between requests
  milliseconds body_idle{30'000};  // between two reads of a request body, two writes of a response
  std::uint64_t min_rate_bytes_per_s = 240;  // bodies slower than this over 10 s are ended; 0 = off
};

struct ConnectionLimits {
  std::uint32_t max = 100'000;            // per listener, gateway-wide
  std::uint32_t per_client_max = 10'000;  // per IPv4 address or IPv6 /64, gateway-wide
};

// ---- Routes ----
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
};

// ---- Listeners ----
struct ForwardedConfig {
  std::vector<base::IpPrefix>
      trusted;             // sources whose X-Forwarded-*/Forwarded are kept and appended to
  bool forwarded = false;  // also send RFC 7239 `Forwarded`
};

struct ListenerConfig {
  SourcePos pos;
  std::string name;
  std::vector<base::Endpoint> bind;  // at least one
  std::optional<ListenerTlsConfig> tls;
  bool plaintext_allowed = false;  // `plaintext: allowed`
  bool redirect_https = false;     // `redirect: https`
  std::vector<RouteConfig> routes;
  HttpLimits limits;
  ListenerTimeouts timeouts;
  ConnectionLimits connections;
  ForwardedConfig forwarded;
};

// ---- Pools ----
enum class Balance { round_robin, least_requests };

struct UpstreamTlsConfig {
  SourcePos pos;
  std::string ca;    // PEM bundle; empty = the system's
  std::string name;  // SNI and the name verified; empty = the server's host name or address
};

struct ServerConfig {
  SourcePos pos;
  std::string name;  // given, or the address text; unique in its pool
  base::Endpoint address;
  int weight = 1;  // 0..256; 0 = only by explicit choice
  bool backup = false;
  std::uint32_t connections_max = 0;  // requests in flight, gateway-wide and exact; 0 = no limit
  std::optional<UpstreamTlsConfig> tls;
};

enum class HealthKind { http, tcp, tls };

struct HealthConfig {
  SourcePos pos;
  HealthKind kind = HealthKind::http;
  std::string path = "/";
  std::string host;                                     // Host header; empty = the server's name
  std::vector<std::pair<int, int>> status{{200, 399}};  // accepted ranges, inclusive
  std::string body_contains;  // in the first 16 KiB; empty = not looked at
  milliseconds interval{2'000};
  milliseconds timeout{1'000};
  int rise = 2;
  int fall = 3;
  int jitter_percent = 10;
};

struct EjectionConfig {
  int consecutive_failures = 5;    // connect errors, timeouts, broken responses; 0 = off
  milliseconds base_time{10'000};  // ejected for base * 2^n, n = ejections in a row
  milliseconds max_time{300'000};
};

struct QueueConfig {
  std::uint32_t max = 1'000;  // requests waiting for a server, per pool, gateway-wide
  milliseconds timeout{5'000};
};

struct UpstreamTimeouts {
  milliseconds connect{3'000};  // TCP and TLS together
  milliseconds idle{
      55'000};  // an unused kept connection; learned shorter when a server closes earlier
};

struct PoolConfig {
  SourcePos pos;
  std::string name;
  Balance balance = Balance::round_robin;
  std::vector<ServerConfig> servers;  // at least one
  std::optional<HealthConfig> health;
  EjectionConfig ejection;
  QueueConfig queue;
  UpstreamTimeouts timeouts;
  std::uint32_t idle_connections_max = 256;  // kept per server and worker
};

// ---- The whole ----
struct AdminConfig {
  std::string socket;                      // "" = none
  std::optional<base::IpEndpoint> listen;  // read-only HTTP
};

struct LogConfig {
  std::string level = "info";  // trace debug info warn error
  std::string access;          // path, "-" = stdout, "" = none
};

struct OverloadConfig {
  std::uint32_t requests_max = 50'000;  // in flight, gateway-wide; more get 503 at once
};

struct Config {
  std::string path;                // of the main file
  std::vector<std::string> files;  // the main file and every included one, in reading order
  int workers = 0;                 // 0 = auto: CPUs in the affinity mask
  std::string user;                // drop to, when started as root; "" = stay
  TlsProfile tls_profile = TlsProfile::intermediate;    // `tls.profile`: of listeners without one
  std::vector<std::string> tls_key_groups{"ssl-cert"};  // groups a 0640 key file may belong to
  seconds drain_timeout{30};  // SIGTERM: requests in flight have this long
  AdminConfig admin;
  LogConfig log;
  OverloadConfig overload;
  std::string certs_store;  // certs.store; "" = none
  std::vector<ListenerConfig> listeners;
  std::vector<PoolConfig> pools;
};

}  // namespace ravelin::gateway
