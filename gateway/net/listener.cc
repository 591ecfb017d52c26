#include "gateway/net/listener.h"

#include "gateway/net/stream_options.h"

#include <linux/filter.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::fail_errno;
using base::Result;

constexpr int kBacklog = 4096;  // the kernel caps it at net.core.somaxconn

// A socket file nobody listens on is left over from a process that was killed.
void remove_stale_socket(const base::UnixEndpoint& endpoint) {
  struct stat info {};

  if (::lstat(endpoint.path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  const OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const SocketAddress address = to_socket_address(endpoint);
  if (::connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED) {
    ::unlink(endpoint.path.c_str());
  }
}

SocketAddress address_of(const base::Endpoint& endpoint) {
  if (const auto* ip = std::get_if<base::IpEndpoint>(&endpoint)) return to_socket_address(*ip);
  return to_socket_address(std::get<base::UnixEndpoint>(endpoint));
}

}  // namespace

Result<OwnedFd> open_listener(const base::Endpoint& endpoint, ReusePort reuse_port) {
  const std::string name = base::to_string(endpoint);
  if (std::holds_alternative<base::NameEndpoint>(endpoint)) {
    return fail(Errc::invalid, "listening on {}: a listener binds an address, not a name", name);
  }
  const auto* local = std::get_if<base::UnixEndpoint>(&endpoint);
  if (local != nullptr) remove_stale_socket(*local);
  const SocketAddress address = address_of(endpoint);
  OwnedFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail_errno(errno, fmt::format("listening on {}", name));
  if (local == nullptr) {
    set_socket_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    set_stream_options(fd.get());
    if (reuse_port == ReusePort::yes) set_socket_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (address.family() == AF_INET6) set_socket_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  if (::bind(fd.get(), address.get(), address.length) != 0) {
    return fail_errno(errno, fmt::format("listening on {}", name));
  }
  if (::listen(fd.get(), kBacklog) != 0)
    return fail_errno(errno, fmt::format("listening on {}", name));
  if (local == nullptr && reuse_port == ReusePort::once_alone)
    set_socket_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  return fd;
}

Result<base::Endpoint> local_endpoint(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.length) != 0)
    return fail_errno(errno, "reading a socket's address");
  if (address.family() == AF_UNIX) {
    sockaddr_un local{};
    std::memcpy(&local, &address.storage, sizeof local);
    return base::Endpoint(base::UnixEndpoint{local.sun_path});
  }
  return base::Endpoint(to_endpoint(address));
}

bool drop_new_handshakes(int listener_fd) {
  // Drops segments with SYN and without ACK; the filter sees the segment from its TCP header on
  // (tcp_v4_rcv).
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),     // TCP flags
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),  // SYN and ACK
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  const sock_fprog program{.len = sizeof code / sizeof code[0], .filter = code};
  return ::setsockopt(listener_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

bool is_given_up(int listener_fd) {
  const auto local = local_endpoint(listener_fd);
  if (!local) return false;
  if (const auto* file = std::get_if<base::UnixEndpoint>(&*local)) {
    struct stat info {};

    return ::lstat(file->path.c_str(), &info) != 0 && errno == ENOENT;
  }
  socklen_t instructions = 0;
  return ::getsockopt(listener_fd, SOL_SOCKET, SO_GET_FILTER, nullptr, &instructions) == 0 &&
         instructions != 0;
}

Accepted accept_one(int listener_fd) {
  SocketAddress peer;
  peer.length = sizeof peer.storage;
  const int fd = ::accept4(listener_fd, peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return {OwnedFd(), {}, errno};
  return {OwnedFd(fd), to_endpoint(peer), 0};
}

}  // namespace ravelin::gateway
