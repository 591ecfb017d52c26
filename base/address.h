// IP addresses, prefixes and endpoints as plain values: parsing, printing, masking. No I/O; any
// thread.
#pragma once

#include "base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace ravelin::base {

enum class Family : std::uint8_t { ipv4, ipv6 };

// An address; an IPv4 one uses the first four bytes, the rest are zero. IPv4-mapped IPv6 is stored
// as IPv4.
struct IpAddress {
  Family family = Family::ipv4;
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// Dotted quad or RFC 4291 text (no zone id). Error: not an address.
Result<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& address);  // RFC 5952 for IPv6
bool is_loopback(const IpAddress& address);       // 127.0.0.0/8, ::1
// Writes the same text without allocating; returns its length (at most 45).
std::size_t format_to(const IpAddress& address, std::array<char, 46>& out);

struct IpPrefix {
  IpAddress address;  // host bits are zero
  int length = 0;     // 0..32 or 0..128

  [[nodiscard]] bool contains(const IpAddress& other) const;
  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
};

// "10.0.0.0/8", "2001:db8::/32" or a lone address. Error: host bits set, or not a prefix.
Result<IpPrefix> parse_prefix(std::string_view text);
std::string to_string(const IpPrefix& prefix);

// The address with all but its first `length` bits cleared (per-client keys: IPv4 /32, IPv6 /64).
IpAddress mask(IpAddress address, int length);

struct IpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;

  friend auto operator<=>(const IpEndpoint&, const IpEndpoint&) = default;
};

// A name still to be resolved, with a port.
struct NameEndpoint {
  std::string name;
  std::uint16_t port = 0;

  friend auto operator<=>(const NameEndpoint&, const NameEndpoint&) = default;
};

struct UnixEndpoint {
  std::string path;  // at most 107 bytes

  friend auto operator<=>(const UnixEndpoint&, const UnixEndpoint&) = default;
};

using Endpoint = std::variant<IpEndpoint, NameEndpoint, UnixEndpoint>;

// "1.2.3.4:80", "[::1]:80", "name:80", "unix:/path". Port 1 to 65535 (0 allowed only when
// `PortZero::allowed`).
enum class PortZero { refused, allowed };
Result<Endpoint> parse_endpoint(std::string_view text, PortZero port_zero = PortZero::refused);
std::string to_string(const IpEndpoint& endpoint);
std::string to_string(const Endpoint& endpoint);

}  // namespace ravelin::base
