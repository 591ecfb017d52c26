#include "gateway/tls/client_hello.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr std::uint8_t kHostName = 0;
constexpr std::size_t kHostNameMax = 255;

constexpr std::uint16_t read_u16(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint16_t>((bytes[0] << 8U) | bytes[1]);
}

// RFC 8701: 0x0A0A, 0x1A1A, … 0xFAFA.
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0F0FU) == 0x0A0AU && (value >> 8U) == (value & 0xFFU);
}

}  // namespace

std::optional<std::string> parse_server_name(std::span<const std::uint8_t> extension) {
  // uint16 list length, then one entry: uint8 type, uint16 length, name.
  if (extension.size() < 5 || read_u16(extension) != extension.size() - 2) return std::nullopt;
  if (extension[2] != kHostName) return std::nullopt;
  const auto name = extension.subspan(5);
  if (read_u16(extension.subspan(3)) != name.size()) return std::nullopt;
  if (name.empty() || name.size() > kHostNameMax) return std::nullopt;
  std::string text(name.size(), '\0');
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] <= 0x20 || name[i] >= 0x7F) return std::nullopt;
    text[i] = base::to_lower(static_cast<char>(name[i]));
  }
  return text;
}

std::uint16_t parse_highest_version(std::span<const std::uint8_t> extension) {
  if (extension.size() < 3 || extension[0] != extension.size() - 1 || extension[0] % 2 != 0)
    return 0;
  std::uint16_t highest = 0;
  for (auto rest = extension.subspan(1); !rest.empty(); rest = rest.subspan(2))
    if (const std::uint16_t version = read_u16(rest); !is_grease(version))
      highest = std::max(highest, version);
  return highest;
}

bool is_only_protocol(std::span<const std::uint8_t> extension, std::string_view protocol) {
  // uint16 list length, then entries: uint8 length, name.
  if (extension.size() != 3 + protocol.size() || read_u16(extension) != extension.size() - 2 ||
      extension[2] != protocol.size())
    return false;
  return std::equal(protocol.begin(), protocol.end(), extension.begin() + 3,
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

}  // namespace ravelin::gateway
