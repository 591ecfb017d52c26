#include "gateway/net/socket_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ravelin::gateway {

using base::Result;

Result<> add_listeners(base::Endpoint& endpoint, std::vector<OwnedFd>& sockets, std::size_t count,
                       ReusePort reuse_port) {
  const bool is_unix = std::holds_alternative<base::UnixEndpoint>(endpoint);
  const std::size_t wanted = is_unix || reuse_port == ReusePort::no ? 1 : count;
  while (sockets.size() < wanted) {
    const bool joins = reuse_port == ReusePort::once_alone && !sockets.empty();
    auto fd = open_listener(endpoint, joins ? ReusePort::yes : reuse_port);
    if (!fd) return fd.error();
    // Port 0 is decided by the first socket; the others join it.
    if (auto local = local_endpoint(fd->get()); local && !is_unix) endpoint = *local;
    sockets.push_back(std::move(*fd));
  }
  return {};
}

namespace {

// Whether the kernel takes the two for one: our IPv6 sockets take no IPv4.
bool overlap(const base::IpEndpoint& a, const base::IpEndpoint& b) {
  const auto is_any = [](const base::IpAddress& address) {
    return std::ranges::all_of(address.bytes, [](auto byte) { return byte == 0; });
  };
  return a.port == b.port && a.address.family == b.address.family &&
         (a.address == b.address || is_any(a.address) || is_any(b.address));
}

}  // namespace

ReusePort OwnAddresses::reuse_at(const base::Endpoint& endpoint) const {
  const auto* ip = std::get_if<base::IpEndpoint>(&endpoint);
  if (ip == nullptr) return ReusePort::no;
  const bool is_own =
      std::ranges::any_of(opened_, [ip](const base::IpEndpoint& own) { return overlap(*ip, own); });
  return is_own ? ReusePort::yes : ReusePort::once_alone;
}

void OwnAddresses::opened(const base::Endpoint& endpoint) {
  const auto* ip = std::get_if<base::IpEndpoint>(&endpoint);
  if (ip != nullptr && std::ranges::find(opened_, *ip) == opened_.end()) opened_.push_back(*ip);
}

Result<std::vector<OwnedFd>> OwnSockets::open(const ListenAddress& address, std::size_t count) {
  if (address.passed.empty()) {
    std::vector<OwnedFd> sockets;
    base::Endpoint endpoint = address.endpoint;
    const auto done = add_listeners(endpoint, sockets, count, addresses_.reuse_at(endpoint));
    if (!done) return done.error();
    addresses_.opened(endpoint);
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
