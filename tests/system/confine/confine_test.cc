#include "system/confine/confine.h"

#include "system/confine/call_groups.h"
#include "system/confine/defaults.h"
#include "system/confine/seccomp_filter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace ravelin::system {
namespace {

using Role = ConfinedRole;

// What `act` ends with in a child of this process, which it may confine.
int status_of(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(act());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(Seccomp, EveryListIsTakenByTheKernel) {
  for (const Role role : {Role::supervisor, Role::config_reader, Role::gateway, Role::keys,
                          Role::firewall, Role::certs, Role::programs}) {
    for (const bool with_modules : {false, true}) {
      Confinement confinement = default_confinement(role, "");
      confinement.loads_modules = with_modules;
      const int status = status_of([&] {
        static_cast<void>(confine(confinement, {.landlock_abi = 0, .has_seccomp = false}));
        const auto done = install_seccomp(plan_seccomp(confinement, ::getpid()));
        if (!done) fmt::print(stderr, "{}\n", done.error().message);
        return done ? 0 : 1;
      });
      EXPECT_EQ(status, 0) << to_string(role);
    }
  }
}

TEST(Seccomp, KnowsTheCallsOfEveryGroup) {
  constexpr int kPastAll = 600;
  std::set<std::string> known;
  for (int number = 0; number < kPastAll; ++number)
    known.insert(name_of_call(number));
  for (const Calls calls : {calls_of_every_process(), calls_to_read_files(), calls_to_write_files(),
                            calls_on_sockets(), calls_to_open_sockets(), calls_for_children(),
                            calls_of_sanitizers(), calls_never_made(), calls_ended_for()}) {
    for (const std::string_view call : calls)
      EXPECT_TRUE(known.contains(std::string(call))) << call;
  }
}

TEST(Seccomp, AnUnknownCallIsAnErrorAndNothingHolds) {
  SeccompPlan plan;
  plan.rules.push_back({"make_tea", {}});
  EXPECT_EQ(status_of([&] {
              const auto done = install_seccomp(plan);
              if (done || done.error().message != "seccomp: no call \"make_tea\"") return 1;
              return ::access("/", F_OK) == 0 ? 0 : 2;
            }),
            0);
}

TEST(Seccomp, NamesCallsOfTheKernelsLog) {
  EXPECT_EQ(name_of_call(SYS_execve), "execve");
  EXPECT_EQ(name_of_call(SYS_io_uring_setup), "io_uring_setup");
  EXPECT_EQ(name_of_call(100'000), "");
}

TEST(Confine, ComesBeforeTheFirstThread) {
  std::mutex mutex;
  std::condition_variable over;
  bool is_over = false;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    over.wait(lock, [&] { return is_over; });
  });
  const auto done = confine(default_confinement(Role::keys, ""), {});
  {
    const std::lock_guard lock(mutex);
    is_over = true;
  }
  over.notify_one();
  other.join();
  if (is_sanitized_build()) return;  // whose own threads are there from the beginning
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::Errc::conflict);
  EXPECT_EQ(done.error().message, "confinement: comes before the first thread, and there are 2");
}

TEST(Confine, APathThatMustBeThereIsAnError) {
  Confinement confinement = default_confinement(Role::keys, "");
  confinement.paths->push_back({"/nowhere/at/all"});
  EXPECT_EQ(status_of([&] {
              const auto done = confine(confinement, probe_confinement_kernel());
              if (done) return 1;
              return done.error().message ==
                             "confinement: /nowhere/at/all: no such file or directory"
                         ? 0
                         : 2;
            }),
            0);
}

TEST(Confine, SaysWhatTheKernelLacks) {
  EXPECT_EQ(status_of([] {
              const auto done = confine(default_confinement(Role::keys, ""),
                                        {.landlock_abi = 0, .has_seccomp = false});
              if (!done || is_complete(*done)) return 1;
              const auto gaps = gaps_of(*done);
              return gaps.size() == 3 && gaps[0].starts_with("files: needs Landlock 2") &&
                             gaps[2] == "system_calls: this kernel has no seccomp filters"
                         ? 0
                         : 2;
            }),
            0);
}

TEST(Confine, HoldsInThreadsMadeLater) {
  EXPECT_EQ(status_of([] {
              const auto done =
                  confine(default_confinement(Role::keys, ""), probe_confinement_kernel());
              if (!done) return 1;
              int error = 0;
              std::thread([&] { error = ::syscall(SYS_socket, 2, 1, 0) < 0 ? errno : 0; }).join();
              return error == EPERM ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace ravelin::system
