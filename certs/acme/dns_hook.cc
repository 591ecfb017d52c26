#include "certs/acme/dns_hook.h"

#include "base/clock.h"
#include "base/io/log.h"
#include "base/io/spawn_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::fail;

constexpr std::size_t kOutputKept = 1'024;
constexpr int kSliceMs = 20;

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return std::string(name) + "=" + (value == nullptr ? otherwise : value);
}

// A started program, alone in its process group, and the pipe its output comes through.
class Program {
 public:
  static Result<Program> start(const std::vector<std::string>& arguments);

  Program(Program&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)) {}

  Program& operator=(Program&&) = delete;

  ~Program() {
    if (pid_ > 0) kill_all();
    if (output_ >= 0) ::close(output_);
  }

  // Its status as waitpid() has it.
  Result<int> wait(base::MonoTime until);

  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  Program(pid_t pid, int output) : pid_(pid), output_(output) {}

  void read_output() {
    std::array<char, 4096> block;
    for (ssize_t got; (got = ::read(output_, block.data(), block.size())) > 0;) {
      const std::size_t room = kOutputKept - said_.size();
      said_.append(block.data(), std::min(static_cast<std::size_t>(got), room));
    }
  }

  // What it left running would go on changing the zone. Returns its own status.
  int kill_all() {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  pid_t pid_;
  int output_;
  std::string said_;
};

Result<Program> Program::start(const std::vector<std::string>& arguments) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) return base::fail_errno(errno, "a pipe");
  const std::vector<std::string> environment = {variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
                                                variable("HOME", "/")};
  pid_t pid = -1;
  const int failed = base::spawn_program(arguments, environment, pipe[1], pid);
  ::close(pipe[1]);
  if (failed != 0) {
    ::close(pipe[0]);
    return base::fail_errno(failed, arguments[0]);
  }
  return Program(pid, pipe[0]);
}

Result<int> Program::wait(base::MonoTime until) {
  for (;;) {
    siginfo_t info{};
    // Looked at only: while it is not reaped, its number is nobody else's.
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 &&
        errno != EINTR) {
      const int error = errno;
      pid_ = -1;
      return base::fail_errno(error, "waiting for its end");
    }
    read_output();
    if (info.si_pid != 0) return kill_all();
    if (base::mono_now() >= until) {
      kill_all();
      return fail(Errc::timeout, "not done in time, killed");
    }
    pollfd entry{.fd = output_, .events = POLLIN, .revents = 0};
    ::poll(&entry, 1, kSliceMs);
    // With the pipe closed poll() no longer waits.
    if ((entry.revents & POLLHUP) != 0) ::poll(nullptr, 0, kSliceMs);
  }
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? ' ' : c;
  while (out.ends_with(' '))
    out.pop_back();
  return out;
}

}  // namespace

Result<> DnsHook::run(const char* what, const Challenge& challenge) const {
  const std::string name = "_acme-challenge." + challenge.name;
  const std::string doing = fmt::format("{} {} {}", options_.program, what, name);
  auto program = Program::start({options_.program, what, name, dns_record_value(challenge)});
  if (!program) return program.error();
  const auto status = program->wait(base::mono_now() + options_.deadline);
  if (!status) return base::wrap(status.error(), doing);
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return {};
  const std::string said = one_line(program->said());
  return fail(Errc::unavailable, "{}: {} {}{}{}", doing,
              WIFEXITED(*status) ? "exit" : "killed by signal",
              WIFEXITED(*status) ? WEXITSTATUS(*status) : WTERMSIG(*status),
              said.empty() ? "" : ": ", said);
}

Result<> DnsHook::put_up(const Challenge& challenge) {
  return run("present", challenge);
}

void DnsHook::take_down(const Challenge& challenge) {
  if (const auto done = run("cleanup", challenge); !done)
    base::log_warn("acme", "a DNS record stays behind", {{"reason", done.error().message}});
}

}  // namespace ravelin::certs
