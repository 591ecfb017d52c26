// bench_renewal_look STORE LOOKS: what it costs a process to keep a store renewed while nothing is
// due: processor time of each look and the memory after it, a line of JSON.
#include "bench/must.h"
#include "certs/rotate/renewer.h"
#include "certs/store/store_dir.h"

#include <fmt/format.h>
#include <malloc.h>

#include <ctime>
#include <fstream>
#include <string>
#include <vector>

namespace ravelin::bench {
namespace {

double thread_cpu_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Of this process, from its status: "VmRSS" now, "VmHWM" at most.
double resident_mib(std::string_view which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(which)) return std::stod(line.substr(which.size() + 1)) / 1024;
  return 0;
}

int run(const std::string& path, int looks) {
  certs::StoreDir store = must(certs::StoreDir::open(path));
  const double before_mib = resident_mib("VmRSS");
  certs::Renewer renewer(
      {.store = store, .find_issuer = [](const std::string&) -> certs::Issuer* { return nullptr; }},
      {}, {});
  std::vector<std::string> cpu;
  for (int i = 0; i < looks; ++i) {
    const double began = thread_cpu_ms();
    renewer.look({});
    cpu.push_back(fmt::format("{:.2f}", thread_cpu_ms() - began));
  }
  ::malloc_trim(0);
  fmt::print("{{\"cpu_ms\": [{}], \"kept_mib\": {:.1f}, \"most_mib\": {:.1f}, \"states\": {}}}\n",
             fmt::join(cpu, ", "), resident_mib("VmRSS") - before_mib,
             resident_mib("VmHWM") - before_mib, renewer.states().size());
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: bench_renewal_look STORE LOOKS\n");
    return 2;
  }
  return ravelin::bench::run(argv[1], std::stoi(argv[2]));
}
