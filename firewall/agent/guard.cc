#include "firewall/agent/guard.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace ravelin::firewall {
namespace {

constexpr char kSettled = 's';

// Waits for the pipe's other end to close. True when the word came first.
bool was_settled(int fd) {
  char word = 0;
  ssize_t count = 0;
  do {
    count = ::read(fd, &word, 1);
  } while (count < 0 && errno == EINTR);
  return count == 1 && word == kSettled;
}

[[noreturn]] void watch(int fd, const std::function<void()>& undo) {
  ::setsid();
  ::prctl(PR_SET_NAME, "ravelin-guard");
  // Signals that end the agent are not meant for its guard.
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    std::signal(signal, SIG_IGN);
  // The socket, the lock and the kernel's socket belong to the agent alone.
  constexpr unsigned kFirst = 3;
  const int kept = static_cast<int>(kFirst);
  if (fd != kept) ::dup2(fd, kept);
  ::close_range(kFirst + 1, ~0U, 0);
  if (!was_settled(kept)) undo();
  ::_exit(0);
}

}  // namespace

Guard::~Guard() {
  disarm();
}

base::Result<> Guard::arm(const std::function<void()>& undo) {
  disarm();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail_errno(errno, "making a pipe");
  const base::OwnedFd reading(ends[0]);
  base::OwnedFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return base::fail_errno(errno, "forking the guard of an unconfirmed change");
  if (child == 0) watch(reading.get(), undo);
  child_ = child;
  alive_ = std::move(writing);
  return {};
}

void Guard::disarm() {
  if (child_ <= 0) return;
  // It ends at once: it only waits for this.
  static_cast<void>(!::write(alive_.get(), &kSettled, 1));
  alive_ = base::OwnedFd();
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

}  // namespace ravelin::firewall
