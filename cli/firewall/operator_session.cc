#include "cli/firewall/operator_session.h"

#include "base/io/file.h"
#include "base/text.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::cli {
namespace {

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

struct Process {
  std::uint64_t parent = 0;
  std::uint64_t started = 0;  // ticks since boot
  std::string name;
};

// /proc/PID/stat, proc(5): the name stands in parentheses and may hold anything.
std::optional<Process> process(std::uint64_t pid) {
  constexpr std::size_t kBytesMax = 4096;
  const auto stat = base::read_file(fmt::format("/proc/{}/stat", pid), kBytesMax);
  if (!stat) return std::nullopt;
  const std::size_t open = stat->find('('), close = stat->rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  const auto fields = words(std::string_view(*stat).substr(close + 1));
  constexpr std::size_t kParent = 1,
                        kStarted = 19;  // fields 4 and 22, counted from behind the name
  if (fields.size() <= kStarted) return std::nullopt;
  const auto parent = base::parse_u64(fields[kParent]);
  const auto started = base::parse_u64(fields[kStarted]);
  if (!parent || !started) return std::nullopt;
  return Process{*parent, *started, stat->substr(open + 1, close - open - 1)};
}

}  // namespace

std::optional<SessionPeer> ssh_peer() {
  const char* connection = std::getenv("SSH_CONNECTION");
  if (connection == nullptr) return std::nullopt;
  const auto parts = words(connection);  // client address, client port, our address, our port
  if (parts.size() != 4) return std::nullopt;
  const auto address = base::parse_ip(parts[0]);
  const auto port = base::parse_u64(parts[3]);
  if (!address || !port || *port == 0 || *port > 65535) return std::nullopt;
  return SessionPeer{*address, static_cast<std::uint16_t>(*port)};
}

std::optional<std::chrono::seconds> session_age() {
  if (!ssh_peer()) return std::nullopt;
  constexpr int kAncestorsMax = 64;
  std::uint64_t pid = static_cast<std::uint64_t>(::getppid());
  for (int i = 0; i < kAncestorsMax && pid > 1; ++i) {
    const auto found = process(pid);
    if (!found) return std::nullopt;
    if (found->name.starts_with("sshd")) {
      timespec now{};
      ::clock_gettime(CLOCK_BOOTTIME, &now);
      const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
      return std::chrono::seconds(now.tv_sec - static_cast<std::int64_t>(found->started / ticks));
    }
    pid = found->parent;
  }
  return std::nullopt;
}

}  // namespace ravelin::cli
