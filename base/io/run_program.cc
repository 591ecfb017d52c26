#include "base/io/run_program.h"

#include "base/clock.h"
#include "base/io/spawn_program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace ravelin::base {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return number_; }

  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

// Killed with its process group and reaped when this goes.
class Child {
 public:
  explicit Child(pid_t pid)
      : pid_(pid), end_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  ~Child() {
    ::kill(-pid_, SIGKILL);
    if (!is_reaped_) ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] int end_fd() const { return end_.get(); }

  // How it ended; once, when end_fd() is readable.
  int reap() {
    int status = 0;
    is_reaped_ = ::waitpid(pid_, &status, 0) == pid_;
    return status;
  }

 private:
  pid_t pid_;
  Descriptor end_;
  bool is_reaped_ = false;
};

// False once the time is over.
bool wait_readable(int descriptor, MonoTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - mono_now());
    if (left.count() <= 0) return false;
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int found = ::poll(&ready, 1, static_cast<int>(left.count()));
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
}

// Until nobody can write any more.
bool drain(int from, std::size_t bytes_max, MonoTime deadline, std::string& output) {
  std::array<char, 4096> piece{};
  while (wait_readable(from, deadline)) {
    const ssize_t got = ::read(from, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    output.append(piece.data(), std::min(static_cast<std::size_t>(got), bytes_max - output.size()));
  }
  return false;
}

}  // namespace

Result<ProgramEnd> run_program(const ProgramRun& run) {
  const MonoTime deadline = mono_now() + run.time_max;
  const std::string& name = run.words.front();
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "running " + name);
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  pid_t pid = 0;
  if (const int error = spawn_program(run.words, run.environment, writing.get(), pid); error != 0)
    return fail_errno(error, "running " + name);
  writing.close();
  Child child(pid);
  ProgramEnd end;
  if (!drain(reading.get(), run.output_bytes_max, deadline, end.output) ||
      !wait_readable(child.end_fd(), deadline))
    return fail(Errc::timeout, "{} has not ended within {} ms", name, run.time_max.count());
  const int status = child.reap();
  if (WIFSIGNALED(status))
    return fail(Errc::io, "{} was ended by signal {}", name, WTERMSIG(status));
  end.status = WEXITSTATUS(status);
  return end;
}

}  // namespace ravelin::base
