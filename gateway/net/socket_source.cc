#include "gateway/net/socket_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::gateway {

using base::Result;

Result<> add_listeners(base::Endpoint& endpoint, std::vector<OwnedFd>& sockets, std::size_t count,
                       ReusePort reuse_port) {
  const bool is_unix = std::holds_alternative<base::UnixEndpoint>(endpoint);
  const std::size_t wanted = is_unix || reuse_port == ReusePort::no ? 1 : count;
  while (sockets.size() < wanted) {
    auto fd = open_listener(endpoint, reuse_port);
    if (!fd) return fd.error();
    // Port 0 is decided by the first socket; the others join it.
    if (auto local = local_endpoint(fd->get()); local && !is_unix) endpoint = *local;
    sockets.push_back(std::move(*fd));
  }
  return {};
}

Result<std::vector<OwnedFd>> OwnSockets::open(const ListenAddress& address, std::size_t count) {
  if (address.passed.empty()) {
    std::vector<OwnedFd> sockets;
    base::Endpoint endpoint = address.endpoint;
    const auto done = add_listeners(endpoint, sockets, count, ReusePort::yes);
    if (!done) return done.error();
    return sockets;
  }
  const auto given = passed_.find(address.passed);
  if (!given) return given.error();
  std::vector<OwnedFd> copies;
  for (const int fd : *given) {
    copies.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copies.back().is_open()) return base::fail_errno(errno, "taking a passed socket");
  }
  return copies;
}

void OwnSockets::release(const ListenAddress& address) {
  const auto* local = std::get_if<base::UnixEndpoint>(&address.endpoint);
  // Who comes now shall not wait in a queue that nobody will empty.
  if (address.passed.empty() && local != nullptr) ::unlink(local->path.c_str());
}

}  // namespace ravelin::gateway
