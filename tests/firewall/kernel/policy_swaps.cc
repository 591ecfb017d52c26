// Puts two policies into the kernel in turn, as fast as it takes them: policy_swaps A B COUNT.
// Meant to run in a network namespace of a test's, and refuses any other; prints how many swaps it
// made.
#include "firewall/compile/compile.h"
#include "firewall/diff/change.h"
#include "firewall/diff/stages.h"
#include "firewall/kernel/netlink_kernel.h"
#include "policies/parse/parse.h"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace ravelin::firewall {
namespace {

// `ip netns add` gives every namespace a name below /run/netns.
bool is_in_named_namespace() {
  struct stat own {};

  if (::stat("/proc/self/ns/net", &own) != 0) return false;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", error)) {
    struct stat named {};

    if (::stat(entry.path().c_str(), &named) == 0 && named.st_ino == own.st_ino) return true;
  }
  return false;
}

Ruleset compiled(const char* path) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  const auto parsed = policies::load_policy(path, loader, {}, diagnostics);
  CHECK(!diagnostics.has_errors());
  return compile(parsed.policy, {.revision = path}).ruleset;
}

int swap(const std::array<Ruleset, 2>& wanted, int count) {
  auto kernel = NetlinkKernel::open();
  if (!kernel) return std::fprintf(stderr, "%s\n", base::to_string(kernel.error()).c_str()), 4;
  Ruleset live = wanted[0];
  Result<> done = (*kernel)->apply(create(live), {});
  std::puts("started");
  std::fflush(stdout);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < count && done; ++i) {
    const Ruleset next = with_fresh_chains(live, wanted[(static_cast<std::size_t>(i) + 1) % 2]);
    const Stages steps = stages(live, next);
    done = (*kernel)->apply(steps.prepare, {});
    if (done) done = (*kernel)->apply(steps.flip, {});
    (*kernel)->wait_for_packets();
    if (done) done = (*kernel)->apply(steps.clean, {});
    live = placed(live, next);
  }
  if (!done) return std::fprintf(stderr, "%s\n", base::to_string(done.error()).c_str()), 1;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  std::printf("%d swaps, %.3f ms each\n", count, took.count() / count);
  return 0;
}

}  // namespace
}  // namespace ravelin::firewall

int main(int argc, char** argv) {
  if (argc != 4 || !ravelin::firewall::is_in_named_namespace()) {
    std::fputs("policy_swaps A B COUNT, in a network namespace of its own\n", stderr);
    return 2;
  }
  return ravelin::firewall::swap(
      {ravelin::firewall::compiled(argv[1]), ravelin::firewall::compiled(argv[2])},
      std::atoi(argv[3]));
}
