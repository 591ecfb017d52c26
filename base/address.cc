#include "base/address.h"

#include "base/text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace ravelin::base {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kUnixPathMax = 107;

int bits_of(Family family) {
  return family == Family::ipv4 ? 32 : 128;
}

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  return std::ranges::all_of(name, [](char c) {
    const char lower = to_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  });
}

Result<std::uint16_t> parse_port(std::string_view text, PortZero port_zero) {
  const auto port = parse_u64(text);
  const bool zero_ok = port_zero == PortZero::allowed;
  if (!port || *port > 65535 || (*port == 0 && !zero_ok)) {
    return fail(Errc::invalid, "is not an address and port (port is 1 to 65535)");
  }
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

Result<IpAddress> parse_ip(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof buffer)
    return fail(Errc::invalid, "is not an IP address");
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  if (std::memchr(buffer, '\0', text.size()) != nullptr)
    return fail(Errc::invalid, "is not an IP address");
  IpAddress address;
  if (::inet_pton(AF_INET, buffer, address.bytes.data()) == 1) return address;
  if (::inet_pton(AF_INET6, buffer, address.bytes.data()) != 1)
    return fail(Errc::invalid, "is not an IP address");
  address.family = Family::ipv6;
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin())) {
    std::copy_n(address.bytes.begin() + 12, 4, address.bytes.begin());
    std::fill(address.bytes.begin() + 4, address.bytes.end(), std::uint8_t{0});
    address.family = Family::ipv4;
  }
  return address;
}

std::size_t format_to(const IpAddress& address, std::array<char, 46>& out) {
  const int family = address.family == Family::ipv4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, address.bytes.data(), out.data(), static_cast<socklen_t>(out.size()));
  return std::strlen(out.data());
}

std::string to_string(const IpAddress& address) {
  std::array<char, 46> text;
  const std::size_t length = format_to(address, text);
  return {text.data(), length};
}

bool is_loopback(const IpAddress& address) {
  constexpr std::uint8_t kIpv4Net = 127;
  constexpr IpAddress kIpv6{Family::ipv6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return address.family == Family::ipv4 ? address.bytes[0] == kIpv4Net : address == kIpv6;
}

bool IpPrefix::contains(const IpAddress& other) const {
  return other.family == address.family && mask(other, length) == address;
}

Result<IpPrefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  auto address = parse_ip(text.substr(0, slash));
  if (!address) return fail(Errc::invalid, "is not an address or prefix");
  int length = bits_of(address->family);
  if (slash != std::string_view::npos) {
    const auto given = parse_u64(text.substr(slash + 1));
    if (!given || *given > static_cast<std::uint64_t>(length)) {
      return fail(Errc::invalid, "is not a prefix (its length is 0 to {})", length);
    }
    length = static_cast<int>(*given);
  }
  const IpAddress masked = mask(*address, length);
  if (masked != *address)
    return fail(Errc::invalid, "has host bits set (write {}/{})", to_string(masked), length);
  return IpPrefix{masked, length};
}

std::string to_string(const IpPrefix& prefix) {
  return fmt::format("{}/{}", to_string(prefix.address), prefix.length);
}

IpAddress mask(IpAddress address, int length) {
  for (int byte = 0; byte < 16; ++byte) {
    const int keep = std::clamp(length - byte * 8, 0, 8);
    address.bytes[static_cast<std::size_t>(byte)] &= static_cast<std::uint8_t>(0xff00 >> keep);
  }
  return address;
}

Result<Endpoint> parse_endpoint(std::string_view text, PortZero port_zero) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty() || path.size() > kUnixPathMax) {
      return fail(Errc::invalid, "is not a Unix socket path (1 to {} bytes)", kUnixPathMax);
    }
    return Endpoint(UnixEndpoint{std::string(path)});
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(Errc::invalid, "is not an address and port");
  std::string_view host = text.substr(0, colon);
  const auto port = parse_port(text.substr(colon + 1), port_zero);
  if (!port) return port.error();
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (const auto address = parse_ip(host)) {
    if ((host.find(':') != std::string_view::npos) != bracketed) {
      return fail(Errc::invalid, "is not an address and port (an IPv6 address goes in brackets)");
    }
    return Endpoint(IpEndpoint{*address, *port});
  }
  if (bracketed || !is_host_name(host)) return fail(Errc::invalid, "is not an address and port");
  return Endpoint(NameEndpoint{to_lower(host), *port});
}

std::string to_string(const IpEndpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  if (endpoint.address.family == Family::ipv4) return fmt::format("{}:{}", address, endpoint.port);
  return fmt::format("[{}]:{}", address, endpoint.port);
}

std::string to_string(const Endpoint& endpoint) {
  if (const auto* ip = std::get_if<IpEndpoint>(&endpoint)) return to_string(*ip);
  if (const auto* name = std::get_if<NameEndpoint>(&endpoint))
    return fmt::format("{}:{}", name->name, name->port);
  return "unix:" + std::get<UnixEndpoint>(endpoint).path;
}

}  // namespace ravelin::base
