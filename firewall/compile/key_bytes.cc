#include "firewall/compile/key_bytes.h"

#include <algorithm>
#include <cstring>

namespace ravelin::firewall {

namespace {
constexpr std::size_t kInterfaceBytes = 16;
}

Bytes address_bytes(const base::IpAddress& address) {
  const std::size_t count = address.family == base::Family::ipv4 ? 4 : 16;
  return {address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

Bytes port_bytes(std::uint16_t port) {
  return {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port & 0xff)};
}

Bytes host_order(std::uint32_t value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

Bytes interface_bytes(std::string_view name, std::uint8_t fill) {
  Bytes bytes(kInterfaceBytes, fill);
  std::copy_n(name.begin(), std::min(name.size(), kInterfaceBytes), bytes.begin());
  return bytes;
}

void KeyWriter::add(const Bytes& value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  while (is_concatenated_ && bytes_.size() % 4 != 0)
    bytes_.push_back(0);
}

}  // namespace ravelin::firewall
