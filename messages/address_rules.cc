#include "messages/address_rules.h"

#include <algorithm>

namespace ravelin::messages {
namespace {

constexpr std::size_t kHostNameBytesMax = 253;  // RFC 1035 section 2.3.4, in text
constexpr std::size_t kUnixPathBytesMax = 107;  // sun_path without its NUL

std::string_view flaw_of(const base::IpEndpoint& endpoint) {
  return messages::flaw_of(endpoint.address);
}

std::string_view flaw_of(const base::NameEndpoint& endpoint) {
  return endpoint.name.empty() || endpoint.name.size() > kHostNameBytesMax
             ? "a host name has 1 to 253 bytes"
             : "";
}

std::string_view flaw_of(const base::UnixEndpoint& endpoint) {
  const std::string& path = endpoint.path;
  const bool fits = !path.empty() && path.size() <= kUnixPathBytesMax;
  return fits && path.find('\0') == path.npos ? "" : "a socket path has 1 to 107 bytes and no NUL";
}

}  // namespace

std::string_view flaw_of(const base::IpAddress& address) {
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  if (address.family == base::Family::ipv4) {
    const bool is_clean = std::all_of(address.bytes.begin() + 4, address.bytes.end(), is_zero);
    return is_clean ? "" : "an IPv4 address has 4 bytes";
  }
  const bool is_mapped = std::all_of(address.bytes.begin(), address.bytes.begin() + 10, is_zero) &&
                         address.bytes[10] == 0xff && address.bytes[11] == 0xff;
  return is_mapped ? "an IPv4-mapped address travels as IPv4" : "";
}

std::string_view flaw_of(const base::IpPrefix& prefix) {
  const std::string_view flaw = flaw_of(prefix.address);
  if (!flaw.empty()) return flaw;
  const int length_max = prefix.address.family == base::Family::ipv4 ? 32 : 128;
  if (prefix.length < 0 || prefix.length > length_max)
    return "a prefix is no longer than the address";
  return base::mask(prefix.address, prefix.length) == prefix.address
             ? ""
             : "a prefix has no host bits set";
}

std::string_view flaw_of(const base::Endpoint& endpoint) {
  return std::visit([](const auto& kind) { return flaw_of(kind); }, endpoint);
}

}  // namespace ravelin::messages
