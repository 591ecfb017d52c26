// Reads utime and stime from /proc/PID/stat.
#include "bench/cpu_time.h"

#include "bench/net.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace ravelin::bench {

CpuTime read_cpu_time(const std::vector<pid_t>& pids) {
  const double us_per_tick = 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
  CpuTime sum;
  for (const pid_t pid : pids) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) die("a process of the gateway has ended");
    std::istringstream fields(line.substr(line.rfind(')') + 1));  // the name may hold spaces
    std::string skipped;
    for (int field = 3; field < 14; ++field)
      fields >> skipped;
    double utime = 0;
    double stime = 0;
    fields >> utime >> stime;
    sum.user_us += utime * us_per_tick;
    sum.system_us += stime * us_per_tick;
  }
  return sum;
}

}  // namespace ravelin::bench
