// bench_measured NETNS COMMAND...: runs a command in a network namespace and prints, after what it
// prints itself, one line of JSON: wall time from its start to its end, CPU time, largest resident
// memory. A small parent of its own, because a child's ru_maxrss begins with what its parent has.
#include "bench/net.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace ravelin::bench {
namespace {

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

int run(const std::string& name, char** command) {
  const int fd = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) die("entering the namespace");
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  errno = posix_spawnp(&child, command[0], nullptr, nullptr, command, environ);
  if (errno != 0) die(command[0]);
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) != child) die("waiting");
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
  fmt::print("{{\"wall_ms\": {:.3f}, \"cpu_ms\": {:.3f}, \"rss_kib\": {}}}\n", wall.count(),
             milliseconds(used.ru_utime) + milliseconds(used.ru_stime), used.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_measured NETNS COMMAND...\n");
    return 2;
  }
  return ravelin::bench::run(argv[1], argv + 2);
}
