// Which SSH session a command is given in, from what /proc says of the processes it stems from:
// sudo takes SSH_CONNECTION out of the environment, the socket of sshd stays. Pure; any thread.
// Source: proc(5); net/ipv4/tcp_ipv4.c get_tcp4_sock, net/ipv6/tcp_ipv6.c get_tcp6_sock.
#pragma once

#include "base/address.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::firewall {

struct ProcessStat {
  std::uint64_t parent = 0;
  std::uint64_t started = 0;  // ticks since the boot
  std::string name;           // whatever its user calls it
};

// /proc/PID/stat. None: damaged.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// sshd, and sshd-session of OpenSSH from 9.8 on.
bool is_sshd(const ProcessStat& process);

// The inode of what a descriptor leads to ("socket:[4711]"). None: no socket.
std::optional<std::uint64_t> parse_socket_link(std::string_view link);

struct TcpConnection {
  base::IpEndpoint local, remote;
  std::uint64_t inode = 0;
};

// A line of /proc/net/tcp or tcp6. None: the heading, not established, damaged.
std::optional<TcpConnection> parse_tcp_line(std::string_view line);

struct Ancestor {
  ProcessStat stat;
  std::vector<std::uint64_t> sockets;  // inodes, by descriptor; of sshd only
};

struct SshSession {
  base::IpAddress client;
  std::uint16_t port = 0;  // of this host, that it came to
  std::uint64_t started = 0;
};

// The session of the nearest sshd that has a connection, which is the first it opened: what it
// forwards comes later. It began with the first sshd that has this connection: one with the rights
// of root accepts it, another with the user's follows when the user is known. `ancestors`: the
// nearest first.
std::optional<SshSession> find_ssh_session(std::span<const Ancestor> ancestors,
                                           std::span<const TcpConnection> connections);

}  // namespace ravelin::firewall
