#include "gateway/config/field_names.h"

#include "base/text.h"
#include "gateway/config/words.h"

#include <algorithm>
#include <array>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::size_t kNameBytesMax = 128;

// RFC 9110 section 7.6.1; as is_hop_by_hop() in gateway/http (a test holds the two together).
constexpr std::array<std::string_view, 7> kConnectionFields = {
    "connection", "http2-settings",    "keep-alive", "proxy-connection",
    "te",         "transfer-encoding", "upgrade"};

// Announces or changes the framing of a message.
constexpr std::array<std::string_view, 3> kFramingFields = {"content-length", "expect", "trailer"};

// Says who the client is and which way the request came.
constexpr std::array<std::string_view, 10> kForwardingFields = {
    "forwarded",           "x-forwarded-for",
    "x-forwarded-host",    "x-forwarded-port",
    "x-forwarded-proto",   "x-real-ip",
    "x-request-id",        "via",
    "proxy-authorization", "host"};

// Written by the gateway into responses.
constexpr std::array<std::string_view, 5> kOwnResponseFields = {
    "date", "proxy-authenticate", "proxy-status", "strict-transport-security", "via"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// A field name (RFC 9110 section 5.1) in lower case.
Result<std::string> parse_name_of_field(std::string_view name) {
  std::string lower = base::to_lower(name);
  if (lower.empty() || lower.size() > kNameBytesMax || !is_token(lower))
    return fail(Errc::invalid, "is not the name of a header field");
  return lower;
}

Result<std::string> parse_ruled_field(std::string_view name) {
  const auto lower = parse_name_of_field(name);
  if (!lower) return lower.error();
  if (contains(kConnectionFields, *lower))
    return fail(Errc::invalid, "belongs to the connection; the gateway writes it itself");
  if (contains(kFramingFields, *lower))
    return fail(Errc::invalid, "frames the message; the gateway writes it itself");
  return std::string(name);
}

}  // namespace

Result<std::string> parse_request_field(std::string_view name) {
  auto field = parse_ruled_field(name);
  if (field && contains(kForwardingFields, base::to_lower(name)))
    return fail(Errc::invalid, "is a forwarding field; the gateway writes it itself");
  return field;
}

Result<std::string> parse_response_field(std::string_view name) {
  auto field = parse_ruled_field(name);
  if (!field) return field;
  const std::string lower = base::to_lower(name);
  if (lower == "strict-transport-security")
    return fail(Errc::invalid, "is decided by \"tls.hsts\" of the listener");
  if (contains(kOwnResponseFields, lower))
    return fail(Errc::invalid, "is written by the gateway itself");
  return field;
}

Result<std::string> parse_cookie_name(std::string_view name) {
  if (!parse_name_of_field(name)) return fail(Errc::invalid, "is not the name of a cookie");
  return std::string(name);
}

Result<void> check_matched_field(std::string_view name) {
  const auto lower = parse_name_of_field(name);
  if (!lower) return lower.error();
  if (*lower == "host") return fail(Errc::invalid, "is matched by \"match.host\"");
  if (contains(kConnectionFields, *lower) || *lower == "content-length")
    return fail(Errc::invalid, "belongs to the connection or frames the body; no route sees it");
  if (lower->find('_') != std::string::npos)
    return fail(Errc::invalid, "never arrives: fields with \"_\" in their name are dropped");
  return {};
}

}  // namespace ravelin::gateway
