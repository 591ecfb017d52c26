#include "gateway/observe/reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ravelin::gateway {
namespace {

// RFC 9209 section 2.3, the whole registry.
const std::set<std::string_view> kRegistry = {"dns_timeout",
                                              "dns_error",
                                              "destination_not_found",
                                              "destination_unavailable",
                                              "destination_ip_prohibited",
                                              "destination_ip_unroutable",
                                              "connection_refused",
                                              "connection_terminated",
                                              "connection_timeout",
                                              "connection_read_timeout",
                                              "connection_write_timeout",
                                              "connection_limit_reached",
                                              "tls_protocol_error",
                                              "tls_certificate_error",
                                              "tls_alert_received",
                                              "http_request_error",
                                              "http_request_denied",
                                              "http_response_incomplete",
                                              "http_response_header_section_size",
                                              "http_response_header_size",
                                              "http_response_body_size",
                                              "http_response_trailer_section_size",
                                              "http_response_trailer_size",
                                              "http_response_transfer_coding",
                                              "http_response_content_coding",
                                              "http_response_timeout",
                                              "http_upgrade_failed",
                                              "http_protocol_error",
                                              "proxy_internal_response",
                                              "proxy_internal_error",
                                              "proxy_configuration_error",
                                              "proxy_loop_detected"};

const ReasonText& at(std::size_t i) {
  return describe(static_cast<Reason>(i));
}

TEST(Reason, EveryOneHasItsOwnToken) {
  std::set<std::string_view> tokens;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const std::string_view token = at(i).token;
    EXPECT_TRUE(tokens.insert(token).second) << i << " " << token;
    EXPECT_FALSE(token.empty()) << i;
    EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << token;
  }
}

TEST(Reason, ProxyStatusTypesAreRegistered) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const ReasonText& text = at(i);
    if (!text.proxy_status.empty()) EXPECT_EQ(kRegistry.count(text.proxy_status), 1U) << text.token;
  }
}

TEST(Reason, WhatIsAnsweredHasAnErrorStatusAndAType) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const ReasonText& text = at(i);
    EXPECT_EQ(text.status == 0, text.proxy_status.empty()) << text.token;
    if (text.status != 0) {
      EXPECT_GE(text.status, 400) << text.token;
      EXPECT_LE(text.status, 505) << text.token;
    }
  }
}

struct ReasonCase {
  Reason reason;
  const char* token;
  int status;
  const char* proxy_status;
};

// One row out of each run of the enum: a table that slipped by one row fails here.
constexpr ReasonCase kCases[] = {
    {Reason::none, "none", 0, "ravelin"},
    {Reason::bad_path, "bad_path", 400, "ravelin; error=http_request_error"},
    {Reason::unsupported_version, "unsupported_version", 505, "ravelin; error=http_request_error"},
    {Reason::unsupported_expectation, "unsupported_expectation", 417,
     "ravelin; error=http_request_error"},
    {Reason::line_too_long, "line_too_long", 414, "ravelin; error=http_request_error"},
    {Reason::header_too_large, "header_too_large", 431, "ravelin; error=http_request_error"},
    {Reason::body_too_large, "body_too_large", 413, "ravelin; error=http_request_error"},
    {Reason::misdirected, "misdirected", 421, "ravelin; error=http_request_error"},
    {Reason::header_timeout, "header_timeout", 408, "ravelin; error=http_request_error"},
    {Reason::client_closed, "client_closed", 0, "ravelin"},
    {Reason::request_timeout, "request_timeout", 504, "ravelin; error=http_response_timeout"},
    {Reason::tunnel_idle, "tunnel_idle", 0, "ravelin"},
    {Reason::handshake_key_unavailable, "handshake_key_unavailable", 0, "ravelin"},
    {Reason::no_route, "no_route", 404, "ravelin; error=destination_not_found"},
    {Reason::client_denied, "client_denied", 403, "ravelin; error=http_request_denied"},
    {Reason::unauthorized, "unauthorized", 401, "ravelin; error=http_request_denied"},
    {Reason::auth_overload, "auth_overload", 503, "ravelin; error=proxy_internal_response"},
    {Reason::maintenance, "maintenance", 503, "ravelin; error=proxy_internal_response"},
    {Reason::method_not_allowed, "method_not_allowed", 405, "ravelin; error=http_request_denied"},
    {Reason::overload, "overload", 503, "ravelin; error=proxy_internal_response"},
    {Reason::no_server, "no_server", 503, "ravelin; error=destination_unavailable"},
    {Reason::no_healthy_server, "no_healthy_server", 503, "ravelin; error=destination_unavailable"},
    {Reason::queue_full, "queue_full", 503, "ravelin; error=connection_limit_reached"},
    {Reason::connect_failed, "connect_failed", 502, "ravelin; error=connection_refused"},
    {Reason::connect_timeout, "connect_timeout", 504, "ravelin; error=connection_timeout"},
    {Reason::upstream_reset, "upstream_reset", 502, "ravelin; error=connection_terminated"},
    {Reason::first_byte_timeout, "first_byte_timeout", 504, "ravelin; error=http_response_timeout"},
    {Reason::upstream_body_truncated, "upstream_body_truncated", 502,
     "ravelin; error=http_response_incomplete"},
    {Reason::internal, "internal", 500, "ravelin; error=proxy_internal_error"},
};

TEST(Reason, HasTheStatusAndProxyStatusOfTheTable) {
  for (const auto& row : kCases) {
    EXPECT_EQ(describe(row.reason).token, row.token);
    EXPECT_EQ(describe(row.reason).status, row.status) << row.token;
    EXPECT_EQ(proxy_status_value(row.reason), row.proxy_status) << row.token;
  }
}

TEST(Reason, ProxyStatusTellsTheReceivedStatusAndNoServer) {
  EXPECT_EQ(proxy_status_value(Reason::upstream_bad_response, 200),
            "ravelin; error=http_protocol_error; received-status=200");
}

}  // namespace
}  // namespace ravelin::gateway
