#include "gateway/upstream/check_command.h"

#include "base/io/spawn_program.h"
#include "gateway/net/listener.h"
#include "gateway/net/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>
#include <vector>

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;

namespace {

constexpr int kEndingMsMax = 100;

// A program that was started: killed and reaped when this goes, unless it has ended by then.
class Child {
 public:
  // `end`: its pidfd (pidfd_open(2)), readable once it has ended.
  Child(pid_t pid, OwnedFd end) : pid_(pid), end_(std::move(end)) {}

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  ~Child() {
    ::kill(-pid_, SIGKILL);  // what it left behind too
    if (reaped_) return;
    // The kernel needs a moment. One that it cannot end (a dead disk) stays a zombie until we end.
    pollfd end{.fd = end_.get(), .events = POLLIN, .revents = 0};
    ::poll(&end, 1, kEndingMsMax);
    ::waitpid(pid_, nullptr, WNOHANG);
  }

  [[nodiscard]] int end_fd() const { return end_.get(); }

  // How it ended, once it has.
  CheckResult judge() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return {false, "its end could not be read"};
    reaped_ = true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {true, {}};
    if (WIFEXITED(status))
      return {false, fmt::format("the command ended with {}", WEXITSTATUS(status))};
    return {false, fmt::format("the command was ended by signal {}", WTERMSIG(status))};
  }

 private:
  pid_t pid_;
  OwnedFd end_;
  bool reaped_ = false;
};

std::vector<std::string> environment_of(const CommandTarget& target) {
  std::vector<std::string> all = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                  "RAVELIN_POOL=" + target.pool, "RAVELIN_SERVER=" + target.server,
                                  "RAVELIN_ADDRESS=" + target.address};
  if (target.addresses->empty() || target.addresses->front().family() == AF_UNIX) return all;
  const base::IpEndpoint first = to_endpoint(target.addresses->front());
  all.push_back("RAVELIN_IP=" + base::to_string(first.address));
  all.push_back(fmt::format("RAVELIN_PORT={}", first.port));
  return all;
}

}  // namespace

Task<CheckResult> run_command_check(CommandTarget target, Reactor& reactor) {
  const MonoTime deadline = reactor.refresh_now() + target.config->timeout;
  pid_t pid = 0;
  if (const int error =
          base::spawn_program(target.config->command, environment_of(target), base::kNoOutput, pid);
      error != 0)
    co_return CheckResult{false, base::fail_errno(error, "starting the command").message, true};
  Child child(pid, OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  const int watched = ::fcntl(child.end_fd(), F_DUPFD_CLOEXEC, 0);
  if (watched < 0)
    co_return CheckResult{false, base::fail_errno(errno, "watching the command").message, true};
  Socket end(reactor, watched);
  end.set_ready(false);
  const Wake wake = co_await end.readable(deadline);
  if (wake != Wake::ready) {
    co_return CheckResult{false, fmt::format("the command has not ended within {} ms",
                                             target.config->timeout.count())};
  }
  co_return child.judge();
}

}  // namespace ravelin::gateway
