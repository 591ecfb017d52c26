#include "firewall/kernel/set_shape.h"

#include "firewall/kernel/nf_tables_constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace ravelin::firewall {
namespace {

constexpr std::uint32_t kTypeMask = (1u << kTypeBits) - 1;

std::optional<Field> field_of(std::uint32_t type) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Field::count_); ++i)
    if (info(static_cast<Field>(i)).type_id == type) return static_cast<Field>(i);
  return std::nullopt;
}

// The datatypes of a key, in order; empty when one is unknown.
std::vector<Field> fields_of(std::uint32_t key_type) {
  std::vector<Field> fields;
  for (; key_type != 0; key_type >>= kTypeBits) {
    const auto field = field_of(key_type & kTypeMask);
    if (!field) return {};
    fields.insert(fields.begin(), *field);
  }
  return fields;
}

std::string hexadecimal(ByteSpan bytes) {
  std::string out = "0x";
  for (const std::uint8_t byte : bytes)
    out += fmt::format("{:02x}", byte);
  return out;
}

std::string address_text(ByteSpan bytes) {
  base::IpAddress address;
  address.family = bytes.size() == 4 ? base::Family::ipv4 : base::Family::ipv6;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return base::to_string(address);
}

std::string field_text(Field field, ByteSpan bytes) {
  switch (info(field).type_id) {
    case 7:
    case 8:
      return address_text(bytes);  // ipv4_addr, ipv6_addr
    case 41:
      return read_text(bytes);  // ifname
    case 2:
    case 12:
      return fmt::format("{}", bytes[0]);  // protocols
    case 13:
      return fmt::format("{}", static_cast<unsigned>(bytes[0] << 8 | bytes[1]));  // ports
    default:
      return hexadecimal(bytes);
  }
}

}  // namespace

SetShape shape_of(const Set& set) {
  SetShape shape{key_bytes(set), set_flags(set), 0};
  for (const Field field : set.key)
    shape.key_type = shape.key_type << kTypeBits | info(field).type_id;
  return shape;
}

std::string key_text(const SetShape& shape, ByteSpan key) {
  const std::vector<Field> fields = fields_of(shape.key_type);
  std::string out;
  std::size_t at = 0;
  for (const Field field : fields) {
    const std::size_t bytes = info(field).bytes;
    if (at + bytes > key.size()) return hexadecimal(key);
    if (!out.empty()) out += " . ";
    out += field_text(field, key.subspan(at, bytes));
    at += (bytes + 3) / 4 * 4;
  }
  return fields.empty() ? hexadecimal(key) : out;
}

}  // namespace ravelin::firewall
