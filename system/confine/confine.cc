#include "system/confine/confine.h"

#include "system/confine/credentials.h"
#include "system/confine/landlock.h"
#include "system/confine/seccomp_filter.h"

#include <fmt/format.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace ravelin::system {
namespace {

using base::Errc;
using base::fail;
using base::Result;

// The number of links of the directory: two, and one for each thread.
Result<> check_single_thread() {
  struct stat status {};

  if (::stat("/proc/self/task", &status) != 0) return {};  // without /proc nobody can tell
  const auto threads = status.st_nlink - 2;
  // Some sanitizers have a thread of their own, from the very beginning.
  if (threads == 1 || is_sanitized_build()) return {};
  return fail(Errc::conflict, "confinement: comes before the first thread, and there are {}",
              threads);
}

Result<std::vector<MechanismReport>> confine_by_landlock(Confinement confinement, int abi) {
  if (is_sanitized_build() && confinement.paths)
    confinement.paths->push_back(
        {"/proc", PathAccess::Access::read, PathAccess::Presence::if_there});
  const auto done = install_landlock(plan_landlock(confinement, abi));
  if (done) return report_landlock(confinement, abi);
  if (done.error().code != Errc::kernel) return done.error();
  auto reports = report_landlock(confinement, 0);
  for (MechanismReport& report : reports) {
    if (report.hold == Hold::missing) report.text = done.error().message;
  }
  return reports;
}

std::string words_for(const SeccompPlan& plan) {
  if (plan.rest == SeccompPlan::Rest::refused)
    return fmt::format("{} system calls", count_allowed(plan));
  return fmt::format("all system calls but {}", plan.rules.size());
}

MechanismReport confine_by_seccomp(const Confinement& confinement, bool has_seccomp) {
  if (!has_seccomp)
    return {Mechanism::system_calls, Hold::missing, "this kernel has no seccomp filters"};
  SeccompPlan plan = plan_seccomp(confinement, ::getpid());
  if (is_sanitized_build()) allow_sanitizers(plan);
  const auto done = install_seccomp(plan);
  if (!done) return {Mechanism::system_calls, Hold::missing, done.error().message};
  return {Mechanism::system_calls, Hold::held, words_for(plan)};
}

}  // namespace

ConfinementKernel probe_confinement_kernel() {
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  const bool has_seccomp = ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
  return {.landlock_abi = read_landlock_abi(), .has_seccomp = has_seccomp};
}

Result<ConfinementReport> confine(const Confinement& confinement, const ConfinementKernel& kernel) {
  if (const auto done = check_single_thread(); !done) return done.error();
  load_name_services();
  auto user = change_user(confinement.user);
  if (!user) return user.error();
  auto capabilities =
      keep_capabilities(confinement.kept_capabilities, confinement.hands_on_capabilities);
  if (!capabilities) return capabilities.error();
  ConfinementReport report{confinement.role, {std::move(*user), std::move(*capabilities)}};
  report.mechanisms.push_back(forbid_new_privileges());
  report.mechanisms.push_back(forbid_core_dumps());  // a change of user allows them again
  auto landlock = confine_by_landlock(confinement, kernel.landlock_abi);
  if (!landlock) return landlock.error();
  std::ranges::move(*landlock, std::back_inserter(report.mechanisms));
  report.mechanisms.push_back(confine_by_seccomp(confinement, kernel.has_seccomp));
  return report;
}

bool is_sanitized_build() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

}  // namespace ravelin::system
