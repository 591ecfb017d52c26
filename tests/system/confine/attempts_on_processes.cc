// What an intruder tries to become another program, and on other processes.
#include "tests/system/confine/attempts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

namespace ravelin::system {
namespace {

// ---- programs and memory ----

int exec_program(const Surrounding& around) {
  static_cast<void>(around);
  char path[] = "/bin/true";
  char* const words[] = {path, nullptr};
  return error_of(::execv(path, words));
}

int exec_from_memory(const Surrounding& around) {
  static_cast<void>(around);
  const int fd = ::memfd_create("program", 0);
  if (fd < 0) return errno;
  char path[] = "";
  char* const words[] = {path, nullptr};
  return error_of(::syscall(SYS_execveat, fd, path, words, nullptr, AT_EMPTY_PATH));
}

int fork_child(const Surrounding& around) {
  static_cast<void>(around);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  if (child < 0) return errno;
  return error_of(::waitpid(child, nullptr, 0));
}

int spawn_program(const Surrounding& around) {
  static_cast<void>(around);
  char path[] = "/bin/true";
  char* const words[] = {path, nullptr};
  pid_t child = 0;
  return ::posix_spawn(&child, path, nullptr, nullptr, words, nullptr);
}

int make_code(const Surrounding& around) {
  static_cast<void>(around);
  constexpr std::size_t kPage = 4096;
  const void* page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}

int turn_into_code(const Surrounding& around) {
  static_cast<void>(around);
  constexpr std::size_t kPage = 4096;
  void* page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  return error_of(::mprotect(page, kPage, PROT_READ | PROT_EXEC));
}

// ---- other processes ----

int trace_another(const Surrounding& around) {
  return error_of(::ptrace(PTRACE_ATTACH, around.victim, nullptr, nullptr));
}

int read_another(const Surrounding& around) {
  char byte = 0;
  iovec local{&byte, 1};
  iovec remote{nullptr, 1};
  const int error = error_of(::process_vm_readv(around.victim, &local, 1, &remote, 1, 0));
  return error == EFAULT ? 0 : error;  // allowed, but for the address
}

int open_another_s_memory(const Surrounding& around) {
  return open_and_close(fmt::format("/proc/{}/mem", around.victim), O_RDWR);
}

int read_another_s_environment(const Surrounding& around) {
  return open_and_close(fmt::format("/proc/{}/environ", around.victim), O_RDONLY);
}

int signal_another(const Surrounding& around) {
  return error_of(::kill(around.victim, SIGCONT));
}

int signal_another_by_descriptor(const Surrounding& around) {
  const long fd = ::syscall(SYS_pidfd_open, around.victim, 0);
  if (fd < 0) return errno;
  return error_of(::syscall(SYS_pidfd_send_signal, fd, SIGCONT, nullptr, 0));
}

constexpr Attempt kProcessesAttempts[] = {
    {"exec_program", exec_program},
    {"exec_from_memory", exec_from_memory},
    {"fork_child", fork_child},
    {"spawn_program", spawn_program},
    {"make_code", make_code},
    {"turn_into_code", turn_into_code},
    {"trace_another", trace_another},
    {"read_another", read_another},
    {"open_another_s_memory", open_another_s_memory},
    {"read_another_s_environment", read_another_s_environment},
    {"signal_another", signal_another},
    {"signal_another_by_descriptor", signal_another_by_descriptor},
};

}  // namespace

Attempts attempts_on_processes() {
  return kProcessesAttempts;
}

}  // namespace ravelin::system
