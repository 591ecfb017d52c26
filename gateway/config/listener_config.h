// Where clients connect, and the limits on what they may do there: values with their defaults.
#pragma once

#include "base/address.h"
#include "gateway/config/route_config.h"
#include "gateway/config/tls_config.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

using std::chrono::milliseconds;

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

struct ForwardedConfig {
  std::vector<base::IpPrefix>
      trusted;             // sources whose X-Forwarded-*/Forwarded are kept and appended to
  bool forwarded = false;  // also send RFC 7239 `Forwarded`
};

// One source whose connections begin with a PROXY protocol header: a prefix, or whoever connects to
// a Unix socket.
struct ProxySource {
  bool is_unix = false;
  base::IpPrefix prefix;  // meaningless with is_unix

  friend bool operator==(const ProxySource&, const ProxySource&) = default;
};

struct ProxyProtocolConfig {
  SourcePos pos;
  std::vector<ProxySource> from;  // at least one
};

struct ListenerConfig {
  SourcePos pos;
  std::string name;
  std::vector<base::Endpoint> bind;         // with the next, at least one
  std::vector<std::string> passed_sockets;  // `bind: systemd:NAME`: what the service manager opened
  std::optional<ListenerTlsConfig> tls;
  bool plaintext_allowed = false;  // `plaintext: allowed`
  bool redirect_https = false;     // `redirect: https`
  std::vector<RouteConfig> routes;
  std::vector<ErrorPageConfig> error_pages;
  HttpLimits limits;
  RouteLimitsConfig route_limits;  // also under `limits`: of routes that have none of their own
  ListenerTimeouts timeouts;
  ConnectionLimits connections;
  ForwardedConfig forwarded;
  std::optional<ProxyProtocolConfig> proxy_protocol;
};

}  // namespace ravelin::gateway
