#include "certs/acme/tcp_socket.h"

#include "base/socket_priority.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ravelin::certs::acme {

using base::Errc;
using base::fail;

Result<> connect_within(int fd, const SocketAddress& address, const Patience& patience,
                        std::string_view doing) {
  const auto refused = [doing](int error) {
    return fail(Errc::unavailable, "{}", base::fail_errno(error, doing).message);
  };
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0)
    return {};
  if (errno != EINPROGRESS) return refused(errno);
  if (auto ready = wait_for(fd, POLLOUT, patience, doing); !ready) return ready;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return refused(error);
  return {};
}

Result<TcpSocket> TcpSocket::connect(const SocketAddress& address, const Patience& patience) {
  TcpSocket made(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.fd_ < 0) return base::fail_errno(errno, "a socket");
  // Whoever may say which servers are cut off must not keep certificates from being renewed.
  const int priority = base::kLetThroughPriority;
  ::setsockopt(made.fd_, SOL_SOCKET, SO_PRIORITY, &priority, sizeof priority);
  if (auto done = connect_within(made.fd_, address, patience, "connecting"); !done)
    return done.error();
  return made;
}

TcpSocket::TcpSocket(TcpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

TcpSocket::~TcpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace ravelin::certs::acme
