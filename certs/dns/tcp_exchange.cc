#include "certs/dns/tcp_exchange.h"

#include "certs/dns/message.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

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
  explicit Connection(int family)
      : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<> connect(const acme::SocketAddress& address, const Patience& patience) const {
    if (fd_ < 0) return base::fail_errno(errno, "a socket");
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0)
      return {};
    if (errno != EINPROGRESS) return failed(errno, "connecting");
    if (auto ready = wait_for(fd_, POLLOUT, patience, "connecting"); !ready) return ready;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return failed(error, "connecting");
    return {};
  }

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
  const Connection connection(server.storage.ss_family);
  if (auto done = connection.connect(server, patience); !done) return done.error();
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
