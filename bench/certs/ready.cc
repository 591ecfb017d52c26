// bench_ready PORT NAME CPU COMMAND...: starts a gateway on that CPU and prints how many
// milliseconds after its exec a client has made a handshake with it and got the certificate of
// NAME. The gateway runs until this program's stdin ends.
#include "bench/certs/tls_probe.h"
#include "bench/net.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

namespace ravelin::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::minutes(20);
constexpr auto kBetweenTries = std::chrono::microseconds(500);

pid_t start(unsigned cpu, char** command) {
  const pid_t child = ::fork();
  if (child < 0) die("fork");
  if (child > 0) return child;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::sched_setaffinity(0, sizeof cpus, &cpus) == 0) ::execvp(command[0], command);
  die(command[0]);
}

void stop(pid_t child) {
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
}

int run(std::uint16_t port, const std::string& name, unsigned cpu, char** command) {
  TlsProbe probe(port);
  const auto began = Clock::now();
  const pid_t child = start(cpu, command);
  while (!probe.handshake(name)) {
    if (::waitpid(child, nullptr, WNOHANG) == child) {
      fmt::print(stderr, "{} ended; the last try: {}\n", command[0], probe.why());
      return 1;
    }
    if (Clock::now() - began > kPatience) {
      fmt::print(stderr, "{} is not ready; the last try: {}\n", command[0], probe.why());
      stop(child);
      return 1;
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
  const std::chrono::duration<double, std::milli> wall = Clock::now() - began;
  fmt::print("{{\"ready_ms\": {:.3f}, \"pid\": {}, \"error\": null}}\n", wall.count(), child);
  std::fflush(stdout);
  std::array<char, 64> ignored{};
  while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
  }
  stop(child);
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "usage: bench_ready PORT NAME CPU COMMAND...\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return ravelin::bench::run(ravelin::bench::parse_port(argv[1]), argv[2],
                             static_cast<unsigned>(std::stoul(argv[3])), argv + 4);
}
