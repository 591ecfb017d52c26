#include "firewall/compile/kernel_days.h"

namespace ravelin::firewall {

std::vector<PartOfDay> kernel_day(std::uint8_t day, std::chrono::minutes west) {
  using std::chrono::seconds;
  constexpr seconds kDay = std::chrono::hours(24);
  constexpr int kDays = 7;
  if (west.count() == 0) return {{day, seconds(0), kDay}};
  const bool is_west = west.count() > 0;
  const auto other = static_cast<std::uint8_t>((day + (is_west ? kDays - 1 : 1)) % kDays);
  // West of Greenwich yesterday goes on for a while, east of it tomorrow begins earlier.
  if (is_west) return {{other, seconds(0), west}, {day, west, kDay}};
  return {{day, seconds(0), kDay + west}, {other, kDay + west, kDay}};
}

}  // namespace ravelin::firewall
