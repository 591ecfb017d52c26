#include "gateway/net/socket_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::gateway {

using base::Result;

Result<std::vector<OwnedFd>> open_listeners(const base::Endpoint& endpoint, std::size_t count) {
  std::vector<OwnedFd> sockets;
  const bool is_unix = std::holds_alternative<base::UnixEndpoint>(endpoint);
  const std::size_t wanted = is_unix ? 1 : count;
  base::Endpoint next = endpoint;
  while (sockets.size() < wanted) {
    auto fd = open_listener(next, ReusePort::yes);
    if (!fd) return fd.error();
    // Port 0 is decided by the first socket; the others join it.
    if (auto local = local_endpoint(fd->get())) next = *local;
    sockets.push_back(std::move(*fd));
  }
  return sockets;
}

Result<std::vector<OwnedFd>> OwnSockets::open(const ListenAddress& address, std::size_t count) {
  if (address.passed.empty()) return open_listeners(address.endpoint, count);
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
