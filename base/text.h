// Small text decisions every part needs: ASCII case, trimming, numbers, durations, sizes,
// suggestions. Pure; any thread; never locale dependent.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::base {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

constexpr bool is_letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

// Of a hexadecimal digit; -1: it is none.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string to_lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b);  // ASCII case only
std::string_view trim(std::string_view text);          // SP and HTAB (RFC 9110 OWS)

// Decimal digits only: no sign, no space, no separators. Error: empty, other characters, overflow.
Result<std::uint64_t> parse_u64(std::string_view text);

// A number and a unit: ns us ms s m h d ("250ms", "2s", "1h"). "0" needs no unit. Error: other
// text, overflow, sign.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
std::string format_duration(
    std::chrono::nanoseconds duration);  // the largest unit that is exact: "90s", "2m"

// Bytes: a number, optionally with KiB MiB GiB (1024) or kB MB GB (1000). Error: other text,
// overflow.
Result<std::uint64_t> parse_bytes(std::string_view text);
std::string format_bytes(
    std::uint64_t bytes);  // the largest binary unit that is exact: "64KiB", "1500"

// The known word nearest to `word` by edit distance (two letters swapped count as one), if it is
// near enough to be a typing error (distance <= 1 up to 4 letters, <= 2 up to 8, else <= 3).
std::optional<std::string_view> suggest(std::string_view word,
                                        std::span<const std::string_view> known);

std::string join(std::span<const std::string> parts, std::string_view separator);

}  // namespace ravelin::base
