// The time zone the kernel itself was told, which the days of rules are counted in. Any thread.
#pragma once

#include <chrono>

namespace ravelin::firewall {

// West of UTC; 0 unless the hardware clock keeps local time. It does not follow the seasons: it is
// set at the start, or when an administrator sets it.
std::chrono::minutes kernel_minutes_west();

}  // namespace ravelin::firewall
