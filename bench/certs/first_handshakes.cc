// bench_first_handshakes PORT STEP COUNT PASSES PID,PID...: a handshake with each of COUNT names,
// STEP apart, one after the other, and that PASSES times over: in the first pass no gateway has
// shown those certificates yet. Prints for each pass what a handshake took, and of the gateway's
// CPU time.
#include "bench/certs/names.h"
#include "bench/certs/tls_probe.h"
#include "bench/cpu_time.h"
#include "bench/net.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <sstream>
#include <string>
#include <vector>

namespace ravelin::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<pid_t> parse_pids(const std::string& text) {
  std::vector<pid_t> pids;
  std::istringstream list(text);
  for (std::string pid; std::getline(list, pid, ',');)
    pids.push_back(std::stoi(pid));
  return pids;
}

// JSON; "" when a handshake failed.
std::string run_pass(TlsProbe& probe, unsigned step, unsigned count,
                     const std::vector<pid_t>& pids) {
  std::vector<double> us;
  const CpuTime before = read_cpu_time(pids);
  for (unsigned i = 0; i < count; ++i) {
    const auto began = Clock::now();
    if (!probe.handshake(store_name(i * step))) return "";
    us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
  }
  const double cpu = (read_cpu_time(pids) - before).total_us() / count;
  std::ranges::sort(us);
  return fmt::format("{{\"cpu_us\": {:.1f}, \"p50_us\": {:.1f}, \"p99_us\": {:.1f}}}", cpu,
                     us[us.size() / 2], us[us.size() * 99 / 100]);
}

int run(std::uint16_t port, unsigned step, unsigned count, unsigned passes,
        const std::vector<pid_t>& pids) {
  TlsProbe probe(port);
  std::vector<std::string> told;
  for (unsigned i = 0; i < passes; ++i) {
    told.push_back(run_pass(probe, step, count, pids));
    if (!told.back().empty()) continue;
    fmt::print(stderr, "{}\n", probe.why());
    return 1;
  }
  fmt::print("{{\"passes\": [{}], \"error\": null}}\n", fmt::join(told, ", "));
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc != 6) {
    fmt::print(stderr, "usage: bench_first_handshakes PORT STEP COUNT PASSES PID,PID...\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto number = [](const char* text) { return static_cast<unsigned>(std::stoul(text)); };
  using namespace ravelin::bench;
  return run(parse_port(argv[1]), number(argv[2]), std::max(1U, number(argv[3])), number(argv[4]),
             parse_pids(argv[5]));
}
