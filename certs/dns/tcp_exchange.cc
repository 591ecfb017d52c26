#include "certs/dns/tcp_exchange.h"

#include "certs/acme/tcp_socket.h"
#include "certs/dns/message.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace ravelin::certs::dns {
namespace {

using acme::Patience;
using acme::wait_for;
using base::Errc;
using base::fail;
using base::Result;

class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}

  [[nodiscard]] Result<> send(std::string_view bytes, const Patience& patience) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN) {
        if (auto ready = wait_for(fd_, POLLOUT, patience, "sending"); !ready) return ready;
      } else if (errno != EINTR) {
        return failed(errno, "sending");
      }
    }
    return {};
  }

  // That many bytes, to the end of `into`.
  Result<> receive(std::string& into, std::size_t count, const Patience& patience) const {
    std::array<char, 4096> block;
    while (count > 0) {
      const ssize_t got = ::recv(fd_, block.data(), std::min(block.size(), count), 0);
      if (got > 0) {
        into.append(block.data(), static_cast<std::size_t>(got));
        count -= static_cast<std::size_t>(got);
      } else if (got == 0) {
        return fail(Errc::unavailable, "it closed the connection");
      } else if (errno == EAGAIN) {
        if (auto ready = wait_for(fd_, POLLIN, patience, "asking"); !ready) return ready;
      } else if (errno != EINTR) {
        return failed(errno, "asking");
      }
    }
    return {};
  }

 private:
  static base::Error failed(int error, std::string_view doing) {
    return fail(Errc::unavailable, "{}", base::fail_errno(error, doing).message);
  }

  int fd_;
};

}  // namespace

Result<std::string> tcp_exchange(const acme::SocketAddress& server, std::string_view request,
                                 const Patience& patience) {
  const auto socket = acme::TcpSocket::connect(server, patience);
  if (!socket) return socket.error();
  const Connection connection(socket->fd());
  std::string framed;
  put16(framed, static_cast<std::uint16_t>(request.size()));
  framed += request;
  if (auto done = connection.send(framed, patience); !done) return done.error();
  std::string size;
  if (auto done = connection.receive(size, 2, patience); !done) return done.error();
  std::string answer;
  if (auto done = connection.receive(answer, get16(size, 0), patience); !done) return done.error();
  return answer;
}

}  // namespace ravelin::certs::dns
