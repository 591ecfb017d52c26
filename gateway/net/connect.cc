#include "gateway/net/connect.h"

#include "base/socket_priority.h"
#include "gateway/net/stream_options.h"

#include <sys/socket.h>

#include <cerrno>

namespace ravelin::gateway {

using base::Errc;
using base::fail_errno;
using base::Result;

namespace {

base::Error fail_connect(int error_number, std::string_view doing) {
  base::Error error = fail_errno(error_number, doing);
  if (is_exhaustion(error_number) || error_number == EADDRNOTAVAIL) error.code = Errc::unavailable;
  return error;
}

}  // namespace

Result<OwnedFd> start_connect(const SocketAddress& to, ConnectAs as) {
  OwnedFd fd(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail_connect(errno, "opening a socket");
  if (to.family() != AF_UNIX) set_stream_options(fd.get());
  if (as == ConnectAs::let_through)
    set_socket_option(fd.get(), SOL_SOCKET, SO_PRIORITY, base::kLetThroughPriority);
  if (::connect(fd.get(), to.get(), to.length) != 0 && errno != EINPROGRESS)
    return fail_connect(errno, "connecting");
  return fd;
}

base::Task<int> wait_connected(Socket& socket, SocketAddress to, base::MonoTime deadline) {
  for (;;) {
    socket.set_writable(false);
    const Wake wake = co_await socket.writable(deadline);
    if (wake != Wake::ready) co_return ETIMEDOUT;
    // Not SO_ERROR: it is 0 while the connect is still on its way, and an event of a descriptor
    // that was closed in this turn may wake the one that took its place in Asio's table.
    if (::connect(socket.fd(), to.get(), to.length) == 0 || errno == EISCONN) co_return 0;
    if (errno != EALREADY && errno != EINPROGRESS) co_return errno;
  }
}

}  // namespace ravelin::gateway
