#include "firewall/control/times.h"

#include "base/clock.h"
#include "base/io/file.h"
#include "base/text.h"

#include <ctime>

namespace ravelin::firewall {

Result<SystemTimes> SystemTimes::open() {
  constexpr std::size_t kBytesMax = 4096;
  auto text = base::read_file("/proc/sys/kernel/random/boot_id", kBytesMax);
  if (!text) return text.error();
  const std::string_view line = std::string_view(*text).substr(0, text->find('\n'));
  return SystemTimes(std::string(base::trim(line)));
}

std::chrono::sys_seconds SystemTimes::wall() const {
  return std::chrono::floor<std::chrono::seconds>(base::wall_now());
}

BootTime SystemTimes::boot() const {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return {boot_id_, std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec)};
}

}  // namespace ravelin::firewall
