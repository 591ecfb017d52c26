// What an intruder tries on the kernel, and to get privileges back.
#include "tests/system/confine/attempts.h"

#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ravelin::system {
namespace {

// ---- the kernel ----

int mount_something(const Surrounding& around) {
  return error_of(::mount("none", (around.directory + "/write").c_str(), "tmpfs", 0, nullptr));
}

int leave_for_a_user_namespace(const Surrounding& around) {
  static_cast<void>(around);
  return error_of(::unshare(CLONE_NEWUSER));
}

int make_child_in_a_user_namespace(const Surrounding& around) {
  static_cast<void>(around);
  const long child = ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (child == 0) ::_exit(0);
  return error_of(child);
}

int make_child_with_hidden_flags(const Surrounding& around) {
  static_cast<void>(around);
  std::array<std::uint64_t, 8> arguments{CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
  const long child = ::syscall(SYS_clone3, arguments.data(), sizeof arguments);
  if (child == 0) ::_exit(0);
  return error_of(child);
}

int load_bpf(const Surrounding& around) {
  static_cast<void>(around);
  std::array<char, 64> attributes{};
  return error_of(::syscall(SYS_bpf, 0, attributes.data(), attributes.size()));
}

int look_at_keyrings(const Surrounding& around) {
  static_cast<void>(around);
  constexpr int kGetId = 0;
  constexpr int kOfTheProcess = -2;
  return error_of(::syscall(SYS_keyctl, kGetId, kOfTheProcess, 1));
}

int set_up_a_ring(const Surrounding& around) {
  static_cast<void>(around);
  std::array<char, 128> parameters{};
  return error_of(::syscall(SYS_io_uring_setup, 1, parameters.data()));
}

int load_a_kernel(const Surrounding& around) {
  static_cast<void>(around);
  return error_of(::syscall(SYS_kexec_load, 0, 0, nullptr, 0));
}

int load_a_module(const Surrounding& around) {
  static_cast<void>(around);
  return error_of(::syscall(SYS_init_module, nullptr, 0, ""));
}

int count_events(const Surrounding& around) {
  static_cast<void>(around);
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  return error_of(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

int handle_faults(const Surrounding& around) {
  static_cast<void>(around);
  return error_of(::syscall(SYS_userfaultfd, 0));
}

// ---- privileges ----

int become_root(const Surrounding& around) {
  static_cast<void>(around);
  return error_of(::syscall(SYS_setresuid, 0, 0, 0));
}

int take_capabilities(const Surrounding& around) {
  static_cast<void>(around);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  sets[0].effective = sets[0].permitted = 1U << CAP_NET_ADMIN;
  return error_of(::syscall(SYS_capset, &header, sets.data()));
}

int allow_core_dumps(const Surrounding& around) {
  static_cast<void>(around);
  return error_of(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

int type_into_the_terminal(const Surrounding& around) {
  static_cast<void>(around);
  char letter = 'x';
  return error_of(::ioctl(STDIN_FILENO, TIOCSTI, &letter));
}

constexpr Attempt kKernelAttempts[] = {
    {"mount_something", mount_something},
    {"leave_for_a_user_namespace", leave_for_a_user_namespace},
    {"make_child_in_a_user_namespace", make_child_in_a_user_namespace},
    {"make_child_with_hidden_flags", make_child_with_hidden_flags},
    {"load_bpf", load_bpf},
    {"look_at_keyrings", look_at_keyrings},
    {"set_up_a_ring", set_up_a_ring},
    {"load_a_kernel", load_a_kernel},
    {"load_a_module", load_a_module},
    {"count_events", count_events},
    {"handle_faults", handle_faults},
    {"become_root", become_root},
    {"take_capabilities", take_capabilities},
    {"allow_core_dumps", allow_core_dumps},
    {"type_into_the_terminal", type_into_the_terminal},
};

}  // namespace

Attempts attempts_on_kernel() {
  return kKernelAttempts;
}

}  // namespace ravelin::system
