// CPU time of other processes, from the kernel's own account in /proc/PID/stat: all threads, exited
// ones included. The kernel scales user and system to the exact run time, in ticks (10 ms).
#pragma once

#include <sys/types.h>

#include <vector>

namespace ravelin::bench {

struct CpuTime {
  double user_us = 0;
  double system_us = 0;

  [[nodiscard]] double total_us() const { return user_us + system_us; }
};

inline CpuTime operator-(const CpuTime& later, const CpuTime& earlier) {
  return {later.user_us - earlier.user_us, later.system_us - earlier.system_us};
}

// The sum over `pids`. A process that is gone ends the program: its time would be missing.
CpuTime read_cpu_time(const std::vector<pid_t>& pids);

}  // namespace ravelin::bench
