#include "certs/issuer/base64url.h"

#include <array>
#include <cstdint>

namespace ravelin::certs {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<int, 256> make_values() {
  std::array<int, 256> values{};
  for (auto& value : values)
    value = -1;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int>(i);
  return values;
}

constexpr auto kValues = make_values();

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = (held << 8U) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6)
      text += kAlphabet[(held >> static_cast<unsigned>(bits - 6)) & 63U];
  }
  if (bits > 0) text += kAlphabet[(held << static_cast<unsigned>(6 - bits)) & 63U];
  return text;
}

base::Result<std::string> from_base64url(std::string_view text) {
  if (text.size() % 4 == 1)
    return base::fail(base::Errc::invalid, "{} characters are not base64url of anything",
                      text.size());
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return base::fail(base::Errc::invalid, "a character that is not base64url");
    held = (held << 6U) | static_cast<std::uint32_t>(value);
    if (bits += 6; bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((held >> static_cast<unsigned>(bits)) & 0xFFU);
    }
  }
  const std::uint32_t rest = held & ((1U << static_cast<unsigned>(bits)) - 1);
  if (rest != 0) return base::fail(base::Errc::invalid, "base64url with bits left over");
  return bytes;
}

}  // namespace ravelin::certs
