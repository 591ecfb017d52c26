#include "certs/acme/plain_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace ravelin::certs::acme {

using base::Errc;
using base::fail;

Result<PlainConnection> PlainConnection::open(const Url& url, Resolver& resolver,
                                              const Patience& patience) {
  const auto addresses = resolver.resolve(url.host, url.port, patience);
  if (!addresses) return addresses.error();
  const std::string peer = fmt::format("{}:{}", url.host, url.port);
  base::Error last;
  for (const SocketAddress& address : *addresses) {
    // One silent address leaves time for the next.
    const auto share = patience.left() / (addresses->size() == 1 ? 1 : 2);
    auto socket = TcpSocket::connect(address, patience.at_most(share));
    if (socket) return PlainConnection(std::move(*socket), peer);
    last = base::wrap(socket.error(), peer);
    if (patience.stop.stop_requested()) break;
  }
  return last;
}

Result<> PlainConnection::send(std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      auto ready = wait_for(socket_.fd(), POLLOUT, patience, "sending to " + peer_);
      if (!ready) return ready;
    } else if (errno != EINTR) {
      return fail(Errc::unavailable, "{}", base::fail_errno(errno, "sending to " + peer_).message);
    }
  }
  return {};
}

Result<std::size_t> PlainConnection::receive(std::span<char> into, const Patience& patience) {
  for (;;) {
    // First: who sends without a pause gets no more time than who sends nothing.
    auto ready = wait_for(socket_.fd(), POLLIN, patience, "waiting for " + peer_);
    if (!ready) return ready.error();
    if (patience.left() == base::Duration(0))
      return fail(Errc::timeout, "waiting for {}: no whole answer in time", peer_);
    const ssize_t got = ::recv(socket_.fd(), into.data(), into.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN && errno != EINTR)
      return fail(Errc::unavailable, "{}",
                  base::fail_errno(errno, "receiving from " + peer_).message);
  }
}

}  // namespace ravelin::certs::acme
