#include "cli/firewall/operator_session.h"

#include "base/io/file.h"
#include "base/text.h"
#include "firewall/control/ssh_session.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace ravelin::cli {
namespace {

using firewall::Ancestor;
using firewall::TcpConnection;

std::optional<SessionPeer> peer_of_environment() {
  const char* connection = std::getenv("SSH_CONNECTION");
  if (connection == nullptr) return std::nullopt;
  std::istringstream words(connection);
  std::string client, client_port, own, own_port, more;
  if (!(words >> client >> client_port >> own >> own_port) || words >> more) return std::nullopt;
  const auto address = base::parse_ip(client);
  const auto port = base::parse_u64(own_port);
  if (!address || !port || *port == 0 || *port > 65535) return std::nullopt;
  return SessionPeer{*address, static_cast<std::uint16_t>(*port)};
}

// Inodes by descriptor; empty: it may not be looked at.
std::vector<std::uint64_t> sockets_of(std::uint64_t pid) {
  constexpr std::size_t kDescriptorsMax = 4096;
  const std::string path = fmt::format("/proc/{}/fd", pid);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (!directory) return {};
  std::vector<std::uint64_t> descriptors;
  while (descriptors.size() < kDescriptorsMax) {
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    if (const auto number = base::parse_u64(entry->d_name)) descriptors.push_back(*number);
  }
  std::ranges::sort(descriptors);
  std::vector<std::uint64_t> inodes;
  for (const std::uint64_t descriptor : descriptors) {
    std::array<char, 64> link{};
    const ssize_t length =
        ::readlink(fmt::format("{}/{}", path, descriptor).c_str(), link.data(), link.size());
    if (length <= 0) continue;
    const std::string_view target(link.data(), static_cast<std::size_t>(length));
    if (const auto inode = firewall::parse_socket_link(target)) inodes.push_back(*inode);
  }
  return inodes;
}

// The processes this one stems from, the nearest first.
std::vector<Ancestor> ancestors() {
  constexpr std::size_t kAncestorsMax = 64, kBytesMax = 4096;
  std::vector<Ancestor> found;
  auto pid = static_cast<std::uint64_t>(::getppid());
  while (pid > 1 && found.size() < kAncestorsMax) {
    const auto text = base::read_file(fmt::format("/proc/{}/stat", pid), kBytesMax);
    const auto stat = text ? firewall::parse_process_stat(*text) : std::nullopt;
    if (!stat) break;
    found.push_back({*stat, {}});
    if (firewall::is_sshd(*stat)) found.back().sockets = sockets_of(pid);
    pid = stat->parent;
  }
  return found;
}

// Those of this network namespace that one of the ancestors holds. A gateway may have a million
// others: line by line.
std::vector<TcpConnection> connections_of(const std::vector<Ancestor>& ancestors) {
  constexpr std::size_t kLinesMax = 8'000'000;
  std::vector<TcpConnection> found;
  for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"),
                                                               &std::fclose);
    std::array<char, 512> line{};
    for (std::size_t i = 0; file && i < kLinesMax; ++i) {
      if (std::fgets(line.data(), static_cast<int>(line.size()), file.get()) == nullptr) break;
      const auto connection = firewall::parse_tcp_line(line.data());
      if (!connection) continue;
      const bool is_held = std::ranges::any_of(ancestors, [&connection](const Ancestor& one) {
        return std::ranges::count(one.sockets, connection->inode) != 0;
      });
      if (is_held) found.push_back(*connection);
    }
  }
  return found;
}

std::optional<firewall::SshSession> session_of(const std::vector<Ancestor>& ancestors) {
  if (std::ranges::all_of(ancestors, [](const Ancestor& one) { return one.sockets.empty(); }))
    return std::nullopt;
  return firewall::find_ssh_session(ancestors, connections_of(ancestors));
}

// Rounded up, at least a second: one that began about when a change did is taken for the older.
std::chrono::seconds age_of(std::uint64_t started) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const milliseconds began(static_cast<std::int64_t>(started * 1000 / ticks));
  const milliseconds age = seconds(now.tv_sec) + milliseconds(now.tv_nsec / 1'000'000) - began;
  return std::max(std::chrono::ceil<seconds>(age), seconds(1));
}

}  // namespace

std::optional<SessionPeer> ssh_peer() {
  if (const auto peer = peer_of_environment()) return peer;
  const auto session = session_of(ancestors());
  if (!session) return std::nullopt;
  return SessionPeer{session->client, session->port};
}

std::optional<std::chrono::seconds> session_age() {
  const std::vector<Ancestor> above = ancestors();
  if (const auto session = session_of(above)) return age_of(session->started);
  if (!peer_of_environment()) return std::nullopt;
  const auto sshd =
      std::ranges::find_if(above, [](const Ancestor& one) { return firewall::is_sshd(one.stat); });
  if (sshd == above.end()) return std::nullopt;
  return age_of(sshd->stat.started);
}

}  // namespace ravelin::cli
