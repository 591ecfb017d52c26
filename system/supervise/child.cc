#include "system/supervise/child.h"

#include "base/io/spawn_program.h"
#include "system/supervise/role_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace ravelin::system {

using base::OwnedFd;
using base::Result;

Result<Child> Child::start(const std::vector<std::string>& words) {
  auto ends = messages::SeqSocket::make_pair();
  if (!ends) return ends.error();
  // dup2() onto itself would leave it to be closed by exec.
  OwnedFd theirs(::fcntl(ends->second.fd(), F_DUPFD_CLOEXEC, kRoleLinkFd + 1));
  if (!theirs.is_open()) return base::fail_errno(errno, "handing over a socket");
  pid_t pid = 0;
  if (const int error = base::spawn_linked(words, theirs.get(), pid); error != 0)
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
