#include "firewall/kernel/time_zone.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace ravelin::firewall {

std::chrono::minutes kernel_minutes_west() {
  struct timezone zone {};

  // The C library's gettimeofday always says 0.
  if (::syscall(SYS_gettimeofday, nullptr, &zone) != 0) return std::chrono::minutes(0);
  return std::chrono::minutes(zone.tz_minuteswest);
}

}  // namespace ravelin::firewall
