#include "cli/firewall/detached_agent.h"

#include "messages/channel/seq_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace ravelin::cli {
namespace {

using base::Errc;

// In the child of a child: nobody waits for it, and it has no terminal.
[[noreturn]] void become_agent(const FirewallFlags& flags) {
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  const std::string log = flags.state + "/agent.log";
  const int null = ::open("/dev/null", O_RDWR);
  constexpr mode_t kPrivate = 0600;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, kPrivate);
  if (null < 0 || out < 0) ::_exit(1);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  const std::array<const char*, 9> words{
      "ravelin", "firewall",          "watch",    "--until-confirmed",
      "--state", flags.state.c_str(), "--socket", flags.socket.c_str(),
      nullptr};
  ::execv("/proc/self/exe", const_cast<char* const*>(words.data()));
  ::_exit(1);
}

}  // namespace

base::Result<> start_agent_until_confirmed(const FirewallFlags& flags) {
  // The directory has to be there for the log; the agent sees to its permissions.
  if (auto state = firewall::StateDir::open(flags.state); !state) return state.error();
  const pid_t child = ::fork();
  if (child < 0) return base::fail_errno(errno, "starting an agent");
  if (child == 0) become_agent(flags);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  constexpr int kTries = 200;
  constexpr int kPauseMs = 50;
  for (int i = 0; i < kTries; ++i) {
    if (messages::SeqSocket::connect(flags.socket)) return {};
    ::poll(nullptr, 0, kPauseMs);
  }
  return base::fail(Errc::unavailable,
                    "the agent that would watch over the change did not start; see {}/agent.log",
                    flags.state);
}

}  // namespace ravelin::cli
