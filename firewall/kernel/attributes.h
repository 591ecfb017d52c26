// Netlink attributes in bytes from the kernel (or from a message of our own): walking them and
// reading their values, never beyond what is there. Pure; any thread.
#pragma once

#include <netinet/in.h>  // before any of the kernel's headers: those leave out what it has declared

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ravelin::firewall {

using ByteSpan = std::span<const std::uint8_t>;

struct Attribute {
  std::uint16_t type = 0;  // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
  std::size_t offset = 0;  // of its header, from the start of the walk
  ByteSpan value;
};

// One walk over a run of attributes. Ends at the first that does not fit into the bytes.
class AttributeWalk {
 public:
  explicit AttributeWalk(ByteSpan bytes) : bytes_(bytes) {}

  std::optional<Attribute> next();

 private:
  ByteSpan bytes_;
  std::size_t at_ = 0;
};

// The first attribute of a type.
std::optional<ByteSpan> find_attribute(ByteSpan bytes, std::uint16_t type);
ByteSpan value_of(ByteSpan bytes, std::uint16_t type);  // of that; empty when there is none

// Where what follows a message or an attribute of that length starts: NLMSG_ALIGN, NLA_ALIGN.
constexpr std::size_t align_netlink(std::size_t bytes) {
  return (bytes + 3) & ~std::size_t{3};
}

// Values; of another length they are zero or empty.
std::uint32_t read_be32(ByteSpan value);
std::uint64_t read_be64(ByteSpan value);
std::uint32_t read_host32(ByteSpan value);
std::string read_text(ByteSpan value);  // up to its NUL

}  // namespace ravelin::firewall
