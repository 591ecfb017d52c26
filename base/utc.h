// UTC time as text: the RFC 3339 form every log line carries. Pure; any thread; no locale, no time
// zone, no allocation.
#pragma once

#include "base/clock.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::base {

inline constexpr std::size_t kUtcSecondsLength = 19;  // "2026-11-24T11:20:45"
inline constexpr std::size_t kUtcMillisLength = 24;   // "2026-11-24T11:20:45.123Z"

namespace detail {
constexpr void put_digits(char* out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10)
    out[i] = static_cast<char>('0' + value % 10);
}
}  // namespace detail

// Writes "YYYY-MM-DDTHH:MM:SS"; years before 0 or after 9999 are written as those bounds' digits.
constexpr void write_utc_seconds(std::int64_t unix_seconds,
                                 std::array<char, kUtcSecondsLength>& out) {
  using namespace std::chrono;
  const sys_seconds time{seconds(unix_seconds)};
  const sys_days day = floor<days>(time);
  const year_month_day date{day};
  const auto of_day = static_cast<std::uint64_t>((time - day).count());
  const int year = static_cast<int>(date.year());
  detail::put_digits(out.data(), static_cast<std::uint64_t>(year < 0 ? 0 : year), 4);
  detail::put_digits(out.data() + 5, static_cast<unsigned>(date.month()), 2);
  detail::put_digits(out.data() + 8, static_cast<unsigned>(date.day()), 2);
  detail::put_digits(out.data() + 11, of_day / 3600, 2);
  detail::put_digits(out.data() + 14, of_day / 60 % 60, 2);
  detail::put_digits(out.data() + 17, of_day % 60, 2);
  out[4] = out[7] = '-';
  out[10] = 'T';
  out[13] = out[16] = ':';
}

// "2026-11-24T11:20:45Z".
inline std::string utc_text(std::chrono::sys_seconds time) {
  std::array<char, kUtcSecondsLength> text{};
  write_utc_seconds(time.time_since_epoch().count(), text);
  return std::string(text.data(), text.size()) + "Z";
}

// Exactly what utc_text() writes; nothing for any other text, or a time no calendar has.
inline std::optional<std::chrono::sys_seconds> parse_utc(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != kUtcSecondsLength + 1) return std::nullopt;
  const auto number = [text](std::size_t at, std::size_t digits) {
    unsigned value = 0;
    for (const char c : text.substr(at, digits))
      value = value * 10 + (c >= '0' && c <= '9' ? static_cast<unsigned>(c - '0') : 100'000U);
    return value;
  };
  const year_month_day date{year(static_cast<int>(number(0, 4) % 10'000)), month(number(5, 2)),
                            day(number(8, 2))};
  const unsigned hour = number(11, 2);
  const unsigned minute = number(14, 2);
  const unsigned second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const sys_seconds time = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
  if (utc_text(time) != text) return std::nullopt;
  return time;
}

// "2026-11-24T11:20:45.123Z"; remembers the text of the last second, so most calls write three
// digits. One object per thread.
class UtcText {
 public:
  std::string_view operator()(WallTime time) {
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
    const std::int64_t second = ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
    if (second != second_) {
      std::array<char, kUtcSecondsLength> text{};
      write_utc_seconds(second, text);
      for (std::size_t i = 0; i < text.size(); ++i)
        text_[i] = text[i];
      second_ = second;
    }
    detail::put_digits(text_.data() + 20, static_cast<std::uint64_t>(ms - second * 1000), 3);
    return {text_.data(), text_.size()};
  }

 private:
  std::int64_t second_ = INT64_MIN;
  std::array<char, kUtcMillisLength> text_ = {0, 0, 0, 0, 0, 0, 0, 0,   0, 0, 0, 0,
                                              0, 0, 0, 0, 0, 0, 0, '.', 0, 0, 0, 'Z'};
};

}  // namespace ravelin::base
