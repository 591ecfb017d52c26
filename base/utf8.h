// Which bytes are UTF-8: what both logs ask before they write a byte from outside. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace ravelin::base {

// Length (2 to 4) of the well-formed multi-byte sequence `text` starts with (RFC 3629: no overlong
// form, no surrogate, nothing above U+10FFFF); 0 if it does not start with one.
constexpr std::size_t utf8_sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
  if (text.size() < 2) return 0;
  const unsigned char first = at(0);
  const unsigned char second = at(1);
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (text.size() < 3 || !continues(1) || !continues(2)) return 0;
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (text.size() < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

// U+0080 to U+009F: well formed, but a terminal may obey them (C1 controls).
constexpr bool is_c1_control(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0;
}

}  // namespace ravelin::base
