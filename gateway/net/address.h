// Endpoints as the kernel's socket addresses and back. Values only; any thread.
#pragma once

#include "base/address.h"

#include <sys/socket.h>
#include <sys/un.h>

namespace ravelin::gateway {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  [[nodiscard]] int family() const { return storage.ss_family; }
};

SocketAddress to_socket_address(const base::IpEndpoint& endpoint);
SocketAddress to_socket_address(const base::UnixEndpoint& endpoint);
// A Unix peer, or anything but IPv4 and IPv6, is 0.0.0.0:0. IPv4-mapped IPv6 becomes IPv4.
base::IpEndpoint to_endpoint(const SocketAddress& address);

}  // namespace ravelin::gateway
