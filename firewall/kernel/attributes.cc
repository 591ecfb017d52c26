#include "firewall/kernel/attributes.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace ravelin::firewall {
namespace {

// NLA_ALIGN works on int.
std::uint64_t read_big_endian(ByteSpan value) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : value)
    number = number << 8 | byte;
  return number;
}

}  // namespace

std::optional<Attribute> AttributeWalk::next() {
  if (at_ >= bytes_.size() || bytes_.size() - at_ < sizeof(nlattr)) return std::nullopt;
  nlattr header{};
  std::memcpy(&header, bytes_.data() + at_, sizeof header);
  if (header.nla_len < sizeof header || header.nla_len > bytes_.size() - at_) return std::nullopt;
  Attribute attribute;
  attribute.type = static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK);
  attribute.offset = at_;
  attribute.value = bytes_.subspan(at_ + sizeof header, header.nla_len - sizeof header);
  at_ += align_netlink(header.nla_len);
  return attribute;
}

std::optional<ByteSpan> find_attribute(ByteSpan bytes, std::uint16_t type) {
  AttributeWalk walk(bytes);
  while (const auto attribute = walk.next())
    if (attribute->type == type) return attribute->value;
  return std::nullopt;
}

ByteSpan value_of(ByteSpan bytes, std::uint16_t type) {
  return find_attribute(bytes, type).value_or(ByteSpan{});
}

std::uint32_t read_be32(ByteSpan value) {
  return value.size() == 4 ? static_cast<std::uint32_t>(read_big_endian(value)) : 0;
}

std::uint64_t read_be64(ByteSpan value) {
  return value.size() == 8 ? read_big_endian(value) : 0;
}

std::uint32_t read_host32(ByteSpan value) {
  std::uint32_t number = 0;
  if (value.size() == sizeof number) std::memcpy(&number, value.data(), sizeof number);
  return number;
}

std::string read_text(ByteSpan value) {
  return {value.begin(), std::find(value.begin(), value.end(), std::uint8_t{0})};
}

}  // namespace ravelin::firewall
