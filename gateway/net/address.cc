#include "gateway/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace ravelin::gateway {

SocketAddress to_socket_address(const base::IpEndpoint& endpoint) {
  SocketAddress address;
  if (endpoint.address.family == base::Family::ipv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes.data(), 4);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.length = sizeof v6;
  }
  return address;
}

SocketAddress to_socket_address(const base::UnixEndpoint& endpoint) {
  SocketAddress address;
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  const std::size_t bytes = std::min(endpoint.path.size(), sizeof local.sun_path - 1);
  std::memcpy(local.sun_path, endpoint.path.data(), bytes);
  std::memcpy(&address.storage, &local, sizeof local);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes + 1);
  return address;
}

base::IpEndpoint to_endpoint(const SocketAddress& address) {
  base::IpEndpoint endpoint;
  if (address.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    std::memcpy(endpoint.address.bytes.data(), &v4.sin_addr, 4);
    endpoint.port = ntohs(v4.sin_port);
  } else if (address.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof v6);
    endpoint.port = ntohs(v6.sin6_port);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    endpoint.address.family = mapped ? base::Family::ipv4 : base::Family::ipv6;
    std::memcpy(endpoint.address.bytes.data(), &v6.sin6_addr.s6_addr[mapped ? 12 : 0],
                mapped ? 4 : 16);
  }
  return endpoint;
}

}  // namespace ravelin::gateway
