// Values of fields as the bytes of a set's key. Pure; any thread.
#pragma once

#include "base/address.h"
#include "firewall/ruleset/statement.h"

#include <string_view>

namespace ravelin::firewall {

Bytes address_bytes(const base::IpAddress& address);  // 4 or 16
Bytes port_bytes(std::uint16_t port);                 // 2, network order
Bytes host_order(std::uint32_t value);                // 4
// A name, or the first (0) or last (0xff) name that begins with it: 16 bytes.
Bytes interface_bytes(std::string_view name, std::uint8_t fill = 0);

// Puts a field behind those already in the key: padded to four bytes each, once there are several.
class KeyWriter {
 public:
  explicit KeyWriter(std::size_t fields) : is_concatenated_(fields > 1) {}

  void add(const Bytes& value);

  [[nodiscard]] Bytes take() && { return std::move(bytes_); }

 private:
  bool is_concatenated_;
  Bytes bytes_;
};

}  // namespace ravelin::firewall
