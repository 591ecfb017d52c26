// Host and authority values (RFC 9110 section 7.2, RFC 3986 section 3.2): one strict reading, which
// routes, certificates, logs and backends then share. Pure, no allocation; any thread.
#pragma once

#include "gateway/http1/parse_result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ravelin::gateway::http1 {

inline constexpr std::size_t kHostBytesMax = 255;

struct HostParts {
  std::string_view authority;  // host and port as received; a lone trailing ":" is cut off
  std::string_view
      host;  // without port and without a final dot; an IPv6 literal keeps its brackets
  std::uint16_t port = 0;
  bool has_port = false;
  bool has_upper = false;  // lower_host() has work to do
};

// Accepts a name of letters, digits, "-", "_", "~" and single dots, an IPv4 address (a name, to
// this function), or a bracketed IPv6 address; then optionally ":" and a port of 1 to 65535 without
// leading zeros (none after ":" means the default port).
// Refuses (bad_host), beyond RFC 3986: sub-delims and percent-encoding, which no name that resolves
// contains but which other software reads in other ways ("a,b", "a;b", "a%2eb"); empty labels
// ("a..b", ".a"; a final dot is the DNS root and is allowed); IPvFuture and zone identifiers;
// userinfo; more than kHostBytesMax bytes of host.
ParseResult parse_host(std::string_view value, HostParts& out);

// `host` in lower case: itself when it holds no upper-case letter, else the copy made in `buffer`.
// `host` has at most kHostBytesMax bytes.
std::string_view lower_host(std::string_view host, std::span<char, kHostBytesMax> buffer);

}  // namespace ravelin::gateway::http1
