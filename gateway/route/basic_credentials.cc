#include "gateway/route/basic_credentials.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

namespace ravelin::gateway {
namespace {

constexpr std::string_view kScheme = "basic ";

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

// RFC 4648 section 4; the padding may be left out, as some clients do.
std::optional<std::string> decode_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
    text.remove_suffix(1);
  if (text.size() % 4 == 1 || text.size() > kCredentialBytesMax * 4 / 3 + 4) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

}  // namespace

BasicCredentials read_basic_credentials(const FieldList& fields) {
  using Kind = BasicCredentials::Kind;
  BasicCredentials credentials;
  const Field* found = nullptr;
  for (const Field& field : fields) {
    if (field.id != FieldId::authorization) continue;
    if (found != nullptr) return {Kind::malformed, {}, {}};
    found = &field;
  }
  if (found == nullptr || !base::iequals(found->value.substr(0, kScheme.size()), kScheme))
    return credentials;
  std::string_view encoded = found->value.substr(kScheme.size());
  while (encoded.starts_with(' '))
    encoded.remove_prefix(1);
  const auto decoded = decode_base64(encoded);
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos || decoded->size() > kCredentialBytesMax ||
      std::ranges::any_of(*decoded, is_control))
    return {Kind::malformed, {}, {}};
  return {Kind::given, decoded->substr(0, colon), decoded->substr(colon + 1)};
}

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differs = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    differs |= static_cast<unsigned char>(a[i] ^ b[i]);
  return differs == 0;
}

}  // namespace ravelin::gateway
