// Host validation: the name in one pass over the class table, the rest by exception. No I/O.
#include "gateway/http1/host.h"

#include "base/check.h"
#include "base/text.h"
#include "gateway/http1/char_class.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace ravelin::gateway::http1 {
namespace {

constexpr ParseResult refuse_host(std::string_view detail) {
  return {Reason::bad_host, detail};
}

// `text` is what follows ":".
ParseResult parse_port(std::string_view text, HostParts& out) {
  constexpr std::size_t kPortDigitsMax = 5;
  constexpr unsigned kPortMax = 65535;
  if (text.size() > kPortDigitsMax || text.front() == '0') {
    return refuse_host("host port is not 1 to 65535");
  }
  unsigned port = 0;
  for (const char c : text) {
    if (!is_in(c, digit_char)) return refuse_host("host port is not a number");
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > kPortMax) return refuse_host("host port is not 1 to 65535");
  out.port = static_cast<std::uint16_t>(port);
  out.has_port = true;
  return {};
}

// `rest` is what follows the host: "", ":" or ":port".
ParseResult parse_after_host(std::string_view value, std::string_view rest, HostParts& out) {
  if (rest.empty()) {
    out.authority = value;
    return {};
  }
  if (rest.size() == 1) {  // port = *DIGIT (RFC 3986 section 3.2.3)
    out.authority = value.substr(0, value.size() - 1);
    return {};
  }
  out.authority = value;
  return parse_port(rest.substr(1), out);
}

ParseResult parse_ipv6_literal(std::string_view value, HostParts& out) {
  const std::size_t close = value.find(']');
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (close == std::string_view::npos || close - 1 >= text.size()) {
    return refuse_host("host is not an IPv6 address in brackets");
  }
  for (std::size_t i = 1; i < close; ++i) {
    const char c = value[i];
    if (!is_in(c, hex_char) && c != ':' && c != '.') {
      return refuse_host("host is not an IPv6 address in brackets");
    }
    out.has_upper = out.has_upper || (c >= 'A' && c <= 'F');
    text[i - 1] = c;
  }
  in6_addr address{};
  if (::inet_pton(AF_INET6, text.data(), &address) != 1) {
    return refuse_host("host is not an IPv6 address in brackets");
  }
  out.host = value.substr(0, close + 1);
  const std::string_view rest = value.substr(close + 1);
  if (!rest.empty() && rest.front() != ':')
    return refuse_host("text after the IPv6 address of the host");
  return parse_after_host(value, rest, out);
}

ParseResult explain_host_character(char c) {
  switch (c) {
    case '@':
      return refuse_host("user information in the host");
    case ',':
      return refuse_host("more than one host in one value");
    case '/':
    case '?':
    case '#':
    case '\\':
      return refuse_host("path in the host");
    default:
      return refuse_host("character not allowed in a host");
  }
}

}  // namespace

ParseResult parse_host(std::string_view value, HostParts& out) {
  out = HostParts{};
  if (value.empty()) return refuse_host("empty host");
  if (value.front() == '[') return parse_ipv6_literal(value, out);
  std::size_t size = 0;
  char previous = '.';  // so that a leading dot is an empty label
  for (; size < value.size() && value[size] != ':'; ++size) {
    const char c = value[size];
    if (!is_in(c, host_char)) return explain_host_character(c);
    if (c == '.' && previous == '.') return refuse_host("empty label in the host");
    out.has_upper = out.has_upper || (c >= 'A' && c <= 'Z');
    previous = c;
  }
  if (size == 0) return refuse_host("empty host");
  if (size > kHostBytesMax) return refuse_host("host is longer than 255 bytes");
  out.host = value.substr(0, previous == '.' ? size - 1 : size);
  return parse_after_host(value, value.substr(size), out);
}

std::string_view lower_host(std::string_view host, std::span<char, kHostBytesMax> buffer) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::none_of(host.begin(), host.end(), is_upper)) return host;
  CHECK(host.size() <= buffer.size());
  std::transform(host.begin(), host.end(), buffer.begin(),
                 [](char c) { return base::to_lower(c); });
  return {buffer.data(), host.size()};
}

}  // namespace ravelin::gateway::http1
