#include "system/derive/source_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ravelin::system {
namespace {

using base::Family;
using base::IpAddress;

union AnyAddress {
  sockaddr any;
  sockaddr_in ipv4;
  sockaddr_in6 ipv6;
};

socklen_t fill(AnyAddress& socket_address, const IpAddress& to) {
  constexpr std::uint16_t kPort = 9;  // any will do
  std::memset(&socket_address, 0, sizeof socket_address);
  if (to.family == Family::ipv4) {
    socket_address.ipv4.sin_family = AF_INET;
    socket_address.ipv4.sin_port = htons(kPort);
    std::memcpy(&socket_address.ipv4.sin_addr, to.bytes.data(), 4);
    return sizeof socket_address.ipv4;
  }
  socket_address.ipv6.sin6_family = AF_INET6;
  socket_address.ipv6.sin6_port = htons(kPort);
  std::memcpy(&socket_address.ipv6.sin6_addr, to.bytes.data(), 16);
  return sizeof socket_address.ipv6;
}

IpAddress address_in(const AnyAddress& socket_address) {
  IpAddress address;
  if (socket_address.any.sa_family == AF_INET) {
    address.family = Family::ipv4;
    std::memcpy(address.bytes.data(), &socket_address.ipv4.sin_addr, 4);
  } else {
    address.family = Family::ipv6;
    std::memcpy(address.bytes.data(), &socket_address.ipv6.sin6_addr, 16);
  }
  return address;
}

}  // namespace

base::Result<IpAddress> source_address(const IpAddress& to) {
  AnyAddress socket_address;
  socklen_t size = fill(socket_address, to);
  const int fd = ::socket(socket_address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return base::fail_errno(errno, "a socket");
  // Connecting a datagram socket looks up the route and does nothing else.
  base::Result<IpAddress> found = IpAddress{};
  if (::connect(fd, &socket_address.any, size) != 0) {
    found = base::fail_errno(errno, "the way to " + base::to_string(to));
  } else {
    size = sizeof socket_address;
    if (::getsockname(fd, &socket_address.any, &size) != 0)
      found = base::fail_errno(errno, "the address towards " + base::to_string(to));
    else
      found = address_in(socket_address);
  }
  ::close(fd);
  return found;
}

}  // namespace ravelin::system
