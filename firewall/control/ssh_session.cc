#include "firewall/control/ssh_session.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ravelin::firewall {
namespace {

std::vector<std::string_view> words(std::string_view text) {
  constexpr std::string_view kSpace = " \n";
  constexpr std::size_t kWordsMax = 64;
  std::vector<std::string_view> found;
  while (found.size() < kWordsMax) {
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(kSpace), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return found;
}

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number, 16);
  return error == std::errc() && last == end ? std::optional(number) : std::nullopt;
}

// One or four numbers of 32 bits, each as it stands in memory, and the port behind a colon.
std::optional<base::IpEndpoint> parse_endpoint(std::string_view text) {
  constexpr std::size_t kDigits = 8, kDigits4 = kDigits, kDigits6 = 4 * kDigits, kPortDigits = 4;
  const std::size_t colon = text.find(':');
  if (colon != kDigits4 && colon != kDigits6) return std::nullopt;
  if (text.size() != colon + 1 + kPortDigits) return std::nullopt;
  base::IpAddress address;
  if (colon == kDigits6) address.family = base::Family::ipv6;
  for (std::size_t at = 0; at < colon; at += kDigits) {
    const auto number = parse_hex(text.substr(at, kDigits));
    if (!number) return std::nullopt;
    std::memcpy(address.bytes.data() + at / 2, &*number, sizeof *number);
  }
  const auto port = parse_hex(text.substr(colon + 1));
  // An IPv4 peer of an IPv6 socket becomes what it is.
  const auto plain = base::parse_ip(base::to_string(address));
  if (!port || !plain) return std::nullopt;
  return base::IpEndpoint{*plain, static_cast<std::uint16_t>(*port)};
}

const TcpConnection* find(std::span<const TcpConnection> connections, std::uint64_t inode) {
  const auto found = std::ranges::find(connections, inode, &TcpConnection::inode);
  return found == connections.end() ? nullptr : &*found;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  // The name stands in parentheses and may hold anything, these too.
  const std::size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return std::nullopt;
  constexpr std::size_t kParent = 1, kStarted = 19;  // fields 4 and 22, from behind the name
  const auto fields = words(text.substr(close + 1));
  if (fields.size() <= kStarted) return std::nullopt;
  const auto parent = base::parse_u64(fields[kParent]);
  const auto started = base::parse_u64(fields[kStarted]);
  if (!parent || !started) return std::nullopt;
  return ProcessStat{*parent, *started, std::string(text.substr(open + 1, close - open - 1))};
}

bool is_sshd(const ProcessStat& process) {
  return process.name.starts_with("sshd");
}

std::optional<std::uint64_t> parse_socket_link(std::string_view link) {
  constexpr std::string_view kBefore = "socket:[", kBehind = "]";
  if (!link.starts_with(kBefore) || !link.ends_with(kBehind)) return std::nullopt;
  link.remove_prefix(kBefore.size());
  link.remove_suffix(kBehind.size());
  const auto inode = base::parse_u64(link);
  return inode ? std::optional(*inode) : std::nullopt;
}

std::optional<TcpConnection> parse_tcp_line(std::string_view line) {
  constexpr std::size_t kLocal = 1, kRemote = 2, kState = 3, kInode = 9;
  const auto fields = words(line);
  if (fields.size() <= kInode || fields[kState] != "01") return std::nullopt;  // TCP_ESTABLISHED
  const auto local = parse_endpoint(fields[kLocal]), remote = parse_endpoint(fields[kRemote]);
  const auto inode = base::parse_u64(fields[kInode]);
  if (!local || !remote || !inode) return std::nullopt;
  return TcpConnection{*local, *remote, *inode};
}

std::optional<SshSession> find_ssh_session(std::span<const Ancestor> ancestors,
                                           std::span<const TcpConnection> connections) {
  for (const Ancestor& nearest : ancestors) {
    if (!is_sshd(nearest.stat)) continue;
    for (const std::uint64_t inode : nearest.sockets) {
      const TcpConnection* connection = find(connections, inode);
      if (connection == nullptr) continue;
      SshSession session{connection->remote.address, connection->local.port, nearest.stat.started};
      for (const Ancestor& other : ancestors) {
        if (std::ranges::count(other.sockets, inode) != 0)
          session.started = std::min(session.started, other.stat.started);
      }
      return session;
    }
  }
  return std::nullopt;
}

}  // namespace ravelin::firewall
