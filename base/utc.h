// UTC time as text: the RFC 3339 form every log line carries. Pure; any thread; no locale, no time
// zone, no allocation.
#pragma once

#include "base/clock.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
