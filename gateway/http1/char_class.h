// Character classes of HTTP/1 as one table. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ravelin::gateway::http1 {

enum CharClass : std::uint8_t {
  token_char = 1,   // RFC 9110 section 5.6.2
  plain_char = 2,   // letter, digit or "-": what ordinary field names consist of
  path_char = 4,    // accepted in a path (target.h)
  query_char = 8,   // accepted in a query (target.h)
  host_char = 16,   // accepted in a host name (host.h)
  hex_char = 32,    // 0-9 a-f A-F
  digit_char = 64,  // 0-9
};

constexpr bool is_one_of(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

consteval std::array<std::uint8_t, 256> build_char_classes() {
  constexpr std::string_view kTokenPunctuation = "!#$%&'*+-.^_`|~";
  constexpr std::string_view kNotInPath = "\"#<>?\\";  // "?" ends the path
  constexpr std::string_view kNotInQuery = "\"#<>";
  constexpr std::string_view kHostPunctuation = "-._~";
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0x21; c < 0x7f; ++c) {
    const char ch = static_cast<char>(c);
    const bool is_digit = ch >= '0' && ch <= '9';
    const bool is_letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
    const bool is_hex = is_digit || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
    unsigned set = 0;
    if (is_digit || is_letter || is_one_of(kTokenPunctuation, ch)) set |= token_char;
    if (is_digit || is_letter || ch == '-') set |= plain_char;
    if (!is_one_of(kNotInPath, ch)) set |= path_char;
    if (!is_one_of(kNotInQuery, ch)) set |= query_char;
    if (is_digit || is_letter || is_one_of(kHostPunctuation, ch)) set |= host_char;
    if (is_hex) set |= hex_char;
    if (is_digit) set |= digit_char;
    table[c] = static_cast<std::uint8_t>(set);
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kCharClasses = build_char_classes();

constexpr std::uint8_t classes_of(char c) {
  return kCharClasses[static_cast<std::uint8_t>(c)];
}

constexpr bool is_in(char c, CharClass which) {
  return (classes_of(c) & which) != 0;
}

// 0x00-0x1f without HTAB, and DEL: never inside a line (RFC 9110 section 5.5).
constexpr bool is_control(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Not empty and token characters only.
constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_in(c, token_char)) return false;
  }
  return !text.empty();
}

// The value of a character of class hex_char.
constexpr unsigned hex_value(char c) {
  return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

}  // namespace ravelin::gateway::http1
