#include "gateway/observe/reason.h"

#include "base/check.h"

#include <array>

namespace ravelin::gateway {
namespace {

// In the order of the enum. Error types are those of the registry of RFC 9209 section 2.3. Status 0
// where there is nobody to answer: no HTTP yet, or a client that is gone or does not read.
constexpr std::array<ReasonText, kReasonCount> kReasons = {{
    {"none", "", 0},
    {"bad_request_line", "http_request_error", 400},
    {"bad_field", "http_request_error", 400},
    {"bad_host", "http_request_error", 400},
    {"bad_target", "http_request_error", 400},
    {"bad_framing", "http_request_error", 400},
    {"bad_chunk", "http_request_error", 400},
    {"bad_trailer", "http_request_error", 400},
    {"bad_path", "http_request_error", 400},
    {"unsupported_version", "http_request_error", 505},
    {"unsupported_method", "http_request_error", 501},
    {"unsupported_coding", "http_request_error", 501},
    {"unsupported_expectation", "http_request_error", 417},
    {"line_too_long", "http_request_error", 414},
    {"header_too_large", "http_request_error", 431},
    {"too_many_fields", "http_request_error", 431},
    {"body_too_large", "http_request_error", 413},
    {"plain_http_on_tls", "http_request_error", 400},
    {"misdirected", "http_request_error", 421},
    {"header_timeout", "http_request_error", 408},
    {"idle_timeout", "", 0},
    {"body_timeout", "http_request_error", 408},
    {"body_too_slow", "http_request_error", 408},
    {"write_timeout", "", 0},
    {"client_closed", "", 0},
    {"request_timeout", "http_response_timeout", 504},
    {"tunnel_idle", "", 0},
    {"bad_proxy_header", "", 0},
    {"proxy_header_timeout", "", 0},
    {"handshake_timeout", "", 0},
    {"handshake_closed", "", 0},
    {"handshake_failed", "", 0},
    {"handshake_no_shared_cipher", "", 0},
    {"handshake_unsupported_version", "", 0},
    {"handshake_unknown_name", "", 0},
    {"handshake_client_certificate", "", 0},
    {"handshake_key_unavailable", "", 0},
    {"no_route", "destination_not_found", 404},
    {"method_not_allowed", "http_request_denied", 405},
    {"client_denied", "http_request_denied", 403},
    {"maintenance", "proxy_internal_response", 503},
    {"unauthorized", "http_request_denied", 401},
    {"auth_overload", "proxy_internal_response", 503},
    {"overload", "proxy_internal_response", 503},
    {"connection_limit", "", 0},
    {"client_connection_limit", "", 0},
    {"rate_limited", "http_request_denied", 429},
    {"concurrency_limited", "http_request_denied", 429},
    {"banned", "http_request_denied", 403},
    {"trapped_path", "http_request_denied", 403},
    {"too_many_statuses", "", 0},
    {"too_many_handshakes", "", 0},
    {"draining", "proxy_internal_response", 503},
    {"no_server", "destination_unavailable", 503},
    {"no_healthy_server", "destination_unavailable", 503},
    {"circuit_open", "destination_unavailable", 503},
    {"queue_full", "connection_limit_reached", 503},
    {"queue_timeout", "connection_limit_reached", 503},
    {"connect_failed", "connection_refused", 502},
    {"connect_timeout", "connection_timeout", 504},
    {"upstream_tls_failed", "tls_protocol_error", 502},
    {"upstream_closed", "connection_terminated", 502},
    {"upstream_reset", "connection_terminated", 502},
    {"upstream_bad_response", "http_protocol_error", 502},
    {"upstream_header_too_large", "http_response_header_section_size", 502},
    {"upstream_error_status", "destination_unavailable", 502},
    {"first_byte_timeout", "http_response_timeout", 504},
    {"upstream_body_timeout", "http_response_timeout", 504},
    {"upstream_body_truncated", "http_response_incomplete", 502},
    {"internal", "proxy_internal_error", 500},
}};
static_assert(!kReasons.back().token.empty(), "a row for every reason");

}  // namespace

const ReasonText& describe(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  CHECK(index < kReasons.size());
  return kReasons[index];
}

std::string proxy_status_value(Reason reason, int received_status) {
  std::string value = "ravelin";
  const std::string_view type = describe(reason).proxy_status;
  if (!type.empty()) value.append("; error=").append(type);
  if (received_status != 0)
    value.append("; received-status=").append(std::to_string(received_status));
  return value;
}

}  // namespace ravelin::gateway
