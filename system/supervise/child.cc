#include "system/supervise/child.h"

#include "system/supervise/role_link.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace ravelin::system {

using base::OwnedFd;
using base::Result;

namespace {

// posix_spawn(3) with one descriptor beside the standard streams.
int spawn(const std::vector<std::string>& words, int link, pid_t& pid) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));  // the interface of exec(3)
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&how);
  ::posix_spawn_file_actions_adddup2(&files, link, kRoleLinkFd);
  ::posix_spawn_file_actions_addclosefrom_np(&files, kRoleLinkFd + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&how, &none);
  ::posix_spawnattr_setsigdefault(&how, &all);
  // What a terminal sends reaches the supervisor, which tells them in order.
  ::posix_spawnattr_setpgroup(&how, 0);
  ::posix_spawnattr_setflags(
      &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error =
      ::posix_spawn(&pid, words.front().c_str(), &files, &how, arguments.data(), ::environ);
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& words) {
  auto ends = messages::SeqSocket::make_pair();
  if (!ends) return ends.error();
  // dup2() onto itself would leave it to be closed by exec.
  OwnedFd theirs(::fcntl(ends->second.fd(), F_DUPFD_CLOEXEC, kRoleLinkFd + 1));
  if (!theirs.is_open()) return base::fail_errno(errno, "handing over a socket");
  pid_t pid = 0;
  if (const int error = spawn(words, theirs.get(), pid); error != 0)
    return base::fail_errno(error, "starting " + words.front());
  OwnedFd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!end.is_open()) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return base::fail_errno(error, "watching a process");
  }
  return Child(pid, std::move(end), std::move(ends->first));
}

void Child::signal(int number) const {
  ::syscall(SYS_pidfd_send_signal, end_.get(), number, nullptr, 0);
}

Child::End Child::collect() const {
  siginfo_t info{};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-static-cast-downcast): an id for P_PIDFD
  if (::waitid(P_PIDFD, static_cast<id_t>(end_.get()), &info, WEXITED) != 0) return {};
  return {info.si_code != CLD_EXITED, info.si_status};
}

Child::End Child::finish() const {
  constexpr int kPatienceMs = 1000;
  pollfd waiting{end_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) signal(SIGKILL);
  return collect();
}

std::string Child::End::text() const {
  if (!by_signal) return fmt::format("exit status {}", number);
  return fmt::format("signal {} ({})", number, ::strsignal(number));
}

}  // namespace ravelin::system
