#include "policies/parse/moments.h"

#include "base/text.h"
#include "base/utc.h"

namespace ravelin::policies {

using base::Errc;
using base::fail;

base::Result<std::chrono::sys_seconds> parse_until(std::string_view text) {
  constexpr std::size_t kDateLength = 10;
  const bool is_date = text.size() == kDateLength;
  const auto time =
      is_date ? base::parse_utc(std::string(text) + "T00:00:00Z") : base::parse_utc(text);
  if (!time) return fail(Errc::invalid, "is not a date (2026-12-31 or 2026-12-31T12:00:00Z)");
  return is_date ? *time + std::chrono::days(1) : *time;
}

base::Result<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  constexpr std::uint64_t kDay = 24 * 60;
  const bool has_shape = text.size() == 5 && text[2] == ':';
  const auto hour = base::parse_u64(has_shape ? text.substr(0, 2) : std::string_view());
  const auto minute = base::parse_u64(has_shape ? text.substr(3) : std::string_view());
  if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > kDay)
    return fail(Errc::invalid, "is not a time of day (00:00 to 24:00)");
  return std::chrono::minutes(*hour * 60 + *minute);
}

}  // namespace ravelin::policies
