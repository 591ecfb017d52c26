// Servers, and how requests are spread over them: values with their defaults.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "gateway/config/discover_config.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::gateway {

using base::SourcePos;
using std::chrono::milliseconds;
using std::chrono::seconds;

enum class Balance { round_robin, least_requests, power_of_two, hash };

enum class ProxyVersion { off, v1, v2 };

// The PROXY protocol header a server gets in front of everything else. With one, a connection
// carries one client's address and is used for one request.
struct UpstreamProxyConfig {
  ProxyVersion version = ProxyVersion::off;
  // TLVs of version 2:
  bool sends_tls = false;         // PP2_TYPE_SSL: version, cipher, name of the client certificate
  bool sends_authority = false;   // PP2_TYPE_AUTHORITY: the SNI
  bool sends_request_id = false;  // PP2_TYPE_UNIQUE_ID

  friend bool operator==(const UpstreamProxyConfig&, const UpstreamProxyConfig&) = default;
};

// What of a request `balance: hash` goes by. Without the header or cookie: the client.
enum class HashKey { client, header, cookie, path };

struct HashConfig {
  HashKey key = HashKey::client;
  std::string name;      // of the header or cookie
  int ipv4_prefix = 32;  // bits of the client's address that count
  int ipv6_prefix = 64;
  std::uint32_t load_max_percent = 125;  // of a server's share of all in flight; 0 = no bound
};

enum class SameSite { lax, strict, none };

// Sessions that stay on their server by a cookie of the gateway's own.
struct StickyConfig {
  SourcePos pos;
  std::string cookie;          // its name
  std::optional<seconds> ttl;  // Max-Age; none = until the browser ends
  std::string key;             // file; empty = random for each start
  bool secure = true;
  bool http_only = true;
  SameSite same_site = SameSite::lax;
};

struct UpstreamTlsConfig {
  SourcePos pos;
  std::string ca;           // PEM bundle; empty = the system's
  std::string name;         // SNI and the name verified; empty = the server's host name or address
  std::string certificate;  // shown to the server: PEM chain, leaf first; empty = none
  std::string key;          // its PEM private key, or the URI of one in a token
  std::string key_secret;   // path: passphrase of the key file, PIN of the token; empty = none

  friend bool operator==(const UpstreamTlsConfig&, const UpstreamTlsConfig&) = default;
};

// Who brought a server into its pool, the strongest first: where two bring the same one, the first
// of them does.
enum class ServerSource : std::uint8_t { config, file, dns, admin };

inline constexpr int kServerWeightMax = 256;

struct ServerConfig {
  SourcePos pos;
  std::string name;  // given, or the address text; unique in its pool
  base::Endpoint address;
  int weight = 1;  // 0 to kServerWeightMax; 0 = only by explicit choice
  bool backup = false;
  int priority = 0;                   // 0..15, 0 first; a backup comes after all
  std::string zone;                   // empty = none, which is not the gateway's
  std::uint32_t connections_max = 0;  // requests in flight, gateway-wide and exact; 0 = no limit
  std::uint16_t agent_port = 0;       // instead of the pool's `agent.port`; 0 = that
  std::optional<UpstreamTlsConfig> tls;
  UpstreamProxyConfig proxy_protocol;
  ServerSource source = ServerSource::config;  // not read from anywhere: see membership.h

  friend bool operator==(const ServerConfig&, const ServerConfig&) = default;
};

enum class HealthKind { http, tcp, tls, command };

struct HealthConfig {
  SourcePos pos;
  HealthKind kind = HealthKind::http;
  std::string path = "/";
  std::string host;                                     // Host header; empty = the server's name
  std::vector<std::pair<int, int>> status{{200, 399}};  // accepted ranges, inclusive
  std::string body_contains;         // in the first 16 KiB; empty = not looked at
  std::vector<std::string> command;  // of kind command: an absolute path and its arguments
  milliseconds interval{2'000};
  milliseconds fast_interval{0};  // while the state is changing; 0 = a quarter of `interval`
  milliseconds timeout{1'000};
  int rise = 2;
  int fall = 3;
  int jitter_percent = 10;
};

struct EjectionConfig {
  int consecutive_failures = 5;    // connect errors, timeouts, broken responses; 0 = off
  milliseconds base_time{10'000};  // ejected for base * 2^n, n = ejections in a row
  milliseconds max_time{300'000};
  int max_percent = 50;  // of a pool's servers that may be out at once; one always may
  // Outliers: servers that fare worse than the others of their pool within `window`.
  double error_percent = 0;   // share of errors above the others'; 0 = off
  double latency_factor = 0;  // mean time to first byte over the others' median; 0 = off
  std::uint32_t requests_min = 30;
  milliseconds window{10'000};

  friend bool operator==(const EjectionConfig&, const EjectionConfig&) = default;
};

// `circuit`: requests are turned away at once while most of them fail anyway.
struct CircuitConfig {
  int error_percent = 50;  // of the attempts within `window` that failed or were answered 5xx
  std::uint32_t requests_min = 20;
  milliseconds window{10'000};
  milliseconds open_for{5'000};  // before a few are let through to see
  int probe_percent = 10;        // how many those are

  friend bool operator==(const CircuitConfig&, const CircuitConfig&) = default;
};

// Retries are at most this part of the requests, and so many a second, per worker.
struct RetryBudgetConfig {
  int percent = 20;
  int min_per_s = 10;
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

// `adaptive`: weights follow what is seen of each server: latency, requests waiting, errors.
struct AdaptiveConfig {
  milliseconds interval{1'000};  // between two corrections
};

// `agent`: each server is asked for its weight and state, in the protocol of HAProxy's agent-check.
struct AgentConfig {
  SourcePos pos;
  std::uint16_t port = 0;  // on the server's address; 0 = servers say `agent_port`
  std::string send;        // before the answer is read; empty = nothing
  milliseconds interval{2'000};
  milliseconds timeout{1'000};
};

// What observed load and a server's own report may make of its configured weight.
struct WeightBounds {
  int min_percent = 10;   // 1 to 100
  int max_percent = 200;  // 100 to 256

  friend bool operator==(const WeightBounds&, const WeightBounds&) = default;
};

// One source at least.
struct DiscoverConfig {
  SourcePos pos;
  std::optional<DnsDiscoveryConfig> dns;
  std::optional<FileDiscoveryConfig> file;
  ServerConfig server;  // what a server found by `dns` begins with; its name and address are unset
  std::uint32_t servers_max = 100;  // of each source; what is beyond is not used, and said
};

// States of a server in which the firewall cuts it off; as `ravelin server` and its metrics name
// them.
enum class QuarantineState : std::uint8_t { ejected, down, drain, maint };

struct PoolConfig {
  SourcePos pos;
  std::string name;
  Balance balance = Balance::round_robin;
  std::vector<ServerConfig> servers;   // at least one, but with `discover`
  UpstreamProxyConfig proxy_protocol;  // of servers that say nothing; those above have it already
  std::optional<DiscoverConfig> discover;
  HashConfig hash;  // for Balance::hash
  std::optional<StickyConfig> sticky;
  std::uint32_t panic_percent = 0;           // fewer usable by health: all are used; 0 = never
  std::uint32_t priority_spill_percent = 0;  // see TurnRules
  std::uint32_t zone_spill_percent = 70;
  std::optional<HealthConfig> health;
  std::optional<AdaptiveConfig> adaptive;
  std::optional<AgentConfig> agent;
  std::string weight_header;  // of responses and health answers: a server's report; "" = none
  WeightBounds weight_bounds;
  milliseconds slow_start{0};  // a server that comes back has its whole weight after this; 0 = off
  EjectionConfig ejection;
  std::vector<QuarantineState> quarantine;  // none: no server is ever cut off
  QueueConfig queue;
  RetryBudgetConfig retry_budget;
  std::optional<CircuitConfig> circuit;
  UpstreamTimeouts timeouts;
  std::uint32_t idle_connections_max = 256;  // kept per server and worker
};

}  // namespace ravelin::gateway
