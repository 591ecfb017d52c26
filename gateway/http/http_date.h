// HttpDate: the value of a Date field (RFC 9110 section 5.6.7, IMF-fixdate), made once a second.
// One worker's thread.
#pragma once

#include <array>
#include <ctime>
#include <string_view>

namespace ravelin::gateway {

class HttpDate {
 public:
  // "Sun, 06 Nov 1994 08:49:37 GMT" for this second of the wall clock; valid until the next call.
  std::string_view at(std::time_t second) {
    if (second != second_) {
      second_ = second;
      write(second);
    }
    return {text_.data(), kSize};
  }

 private:
  static constexpr std::size_t kSize = 29;

  void write(std::time_t second) {
    static constexpr char kDays[] = "SunMonTueWedThuFriSat";
    static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::tm utc{};
    ::gmtime_r(&second, &utc);
    char* out = text_.data();
    out = copy(out, {kDays + 3 * utc.tm_wday, 3});
    out = copy(out, ", ");
    out = two_digits(out, utc.tm_mday);
    out = copy(out, " ");
    out = copy(out, {kMonths + 3 * utc.tm_mon, 3});
    out = copy(out, " ");
    out = two_digits(out, (utc.tm_year + 1900) / 100);
    out = two_digits(out, (utc.tm_year + 1900) % 100);
    out = copy(out, " ");
    out = two_digits(out, utc.tm_hour);
    out = copy(out, ":");
    out = two_digits(out, utc.tm_min);
    out = copy(out, ":");
    out = two_digits(out, utc.tm_sec);
    copy(out, " GMT");
  }

  static char* copy(char* out, std::string_view text) {
    for (const char c : text)
      *out++ = c;
    return out;
  }

  static char* two_digits(char* out, int value) {
    *out++ = static_cast<char>('0' + value / 10 % 10);
    *out++ = static_cast<char>('0' + value % 10);
    return out;
  }

  std::time_t second_ = -1;
  std::array<char, kSize> text_{};
};

}  // namespace ravelin::gateway
