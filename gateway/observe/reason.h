// Reason: the one list of why a request or connection did not end well. The same token stands in
// the access log, the metric label, the Proxy-Status header (RFC 9209) and the cause of a ban.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::gateway {

enum class Reason : std::uint8_t {
  none,
  // what the client sent
  bad_request_line,
  bad_field,
  bad_host,
  bad_target,
  bad_framing,
  bad_chunk,
  bad_trailer,
  bad_path,
  unsupported_version,
  unsupported_method,
  unsupported_coding,
  unsupported_expectation,
  line_too_long,
  header_too_large,
  too_many_fields,
  body_too_large,
  plain_http_on_tls,
  misdirected,  // the Host, or the listener since a reload, has another TLS policy than the
                // connection
  // how the client behaved
  header_timeout,
  idle_timeout,
  body_timeout,
  body_too_slow,
  write_timeout,
  client_closed,
  request_timeout,
  tunnel_idle,
  // the PROXY protocol header in front of a connection
  bad_proxy_header,
  proxy_header_timeout,
  // handshakes
  handshake_timeout,
  handshake_closed,
  handshake_failed,
  handshake_no_shared_cipher,
  handshake_unsupported_version,
  handshake_unknown_name,
  handshake_client_certificate,
  handshake_key_unavailable,
  // our decisions
  no_route,
  method_not_allowed,
  client_denied,
  maintenance,
  unauthorized,
  auth_overload,
  overload,
  connection_limit,
  client_connection_limit,
  rate_limited,
  concurrency_limited,
  banned,
  // what abuse.triggers counted too often
  trapped_path,
  too_many_statuses,
  too_many_handshakes,
  draining,
  // upstream
  no_server,  // the pool has none at all
  no_healthy_server,
  circuit_open,
  queue_full,
  queue_timeout,
  connect_failed,
  connect_timeout,
  upstream_tls_failed,
  upstream_closed,
  upstream_reset,
  upstream_bad_response,
  upstream_header_too_large,
  upstream_error_status,  // a status the route retries
  first_byte_timeout,
  upstream_body_timeout,
  upstream_body_truncated,
  internal,
  count_,
};

inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::count_);

struct ReasonText {
  std::string_view token;         // "first_byte_timeout": log and metric label
  std::string_view proxy_status;  // RFC 9209 section 2.3 error type, "" where none fits
  int status;  // HTTP status we answer with if no head went out yet; 0 = no answer, the connection
               // is closed
};

// Every reason but count_; lives for ever.
const ReasonText& describe(Reason reason);

// The Proxy-Status field value of a response we made or changed: "ravelin;
// error=connection_timeout". Never names a server (RFC 9209 section 4). `received_status` is what
// the server answered, if it answered; 0 = leave out.
std::string proxy_status_value(Reason reason, int received_status = 0);

}  // namespace ravelin::gateway
