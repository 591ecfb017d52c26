// What an intruder tries from inside a role, and what the role itself has to do.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::system {

struct Surrounding {
  std::string directory;  // read and write are allowed beneath it, other is not
  pid_t victim = 0;       // another process of the same user
  std::uint16_t connect_port = 0;
  std::uint16_t forbidden_port = 0;   // something listens there, too
  std::array<int, 2> handed{-1, -1};  // a pair of sockets it was given
};

struct Attempt {
  std::string_view name;
  int (*run)(const Surrounding& around);  // 0 = it was done; else errno
};

// 0, or errno after a call that said -1.
int error_of(long result);
int open_and_close(const std::string& path, int flags);

using SocketCall = int (*)(int, const sockaddr*, socklen_t);

// bind() or connect(), to a port of this host.
int on_a_tcp_socket(SocketCall call, std::uint16_t port);

using Attempts = std::span<const Attempt>;

Attempts own_work();
Attempts attempts_on_files();
Attempts attempts_on_processes();
Attempts attempts_on_sockets();
Attempts attempts_on_kernel();

}  // namespace ravelin::system
