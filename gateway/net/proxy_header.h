// The PROXY protocol, versions 1 and 2: reading the header a balancer puts in front of a
// connection, and writing one towards a server. Source: proxy-protocol.txt of HAProxy, revision
// 2020/03/05. Pure values, no I/O; any thread.
#pragma once

#include "base/address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::gateway {

// The whole header: version 1 ends within 107 bytes; of version 2 more than this is refused.
inline constexpr std::size_t kProxyHeaderBytesMax = 4096;

// What a header says about its connection.
struct ProxyHeader {
  // Absent where the connection is the sender's own (LOCAL), or the header names no IP addresses
  // (UNKNOWN, AF_UNSPEC, AF_UNIX): the addresses of the connection itself then count.
  std::optional<base::IpEndpoint> source;
  std::optional<base::IpEndpoint> destination;
};

struct ProxyHeaderResult {
  enum class Status : unsigned char {
    need_more,  // every byte seen belongs to the header
    complete,
    bad,  // `detail` says what is wrong; static text
  };
  Status status = Status::need_more;
  ProxyHeader header;
  std::size_t size = 0;  // bytes of the header, when complete
  std::string_view detail;
};

// `bytes` is what has come so far, from the first byte on; what follows the header may be there.
// Values of a TLV are skipped, but a CRC32C must be right; LOCAL headers are not looked into.
ProxyHeaderResult parse_proxy_header(std::string_view bytes);

// ---- writing ----

// Facts of the client's TLS connection, for PP2_TYPE_SSL.
struct ProxyTls {
  std::string_view version;  // "TLSv1.3"
  std::string_view cipher;
  std::string_view client_name;  // common name of its verified certificate; "" = none
  bool has_verified_certificate = false;
};

struct ProxyExtras {
  const ProxyTls* tls = nullptr;  // null = not sent
  std::string_view authority;     // SNI; "" = not sent
  std::string_view request_id;    // at most 128 bytes; "" = not sent
};

// A connection on behalf of a client that came from `source` to `destination`; families may differ,
// IPv4 is then written as IPv4-mapped IPv6. Without a source: UNKNOWN, or AF_UNSPEC.
std::string proxy_header_v1(const ProxyHeader& header);
std::string proxy_header_v2(const ProxyHeader& header, const ProxyExtras& extras);
// The sender's own connection, as of a health check.
std::string proxy_header_v2_local();

// CRC-32C (RFC 3720 appendix B.4).
std::uint32_t crc32c(std::string_view bytes);

}  // namespace ravelin::gateway
