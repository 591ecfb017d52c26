// The benchmark programs' socket calls.
#include "bench/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ravelin::bench {

namespace {

sockaddr_in loopback(std::uint16_t port, unsigned last_octet) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7f000000U + last_octet);
  return address;
}

void set_option(int fd, int level, int name) {
  const int on = 1;
  if (setsockopt(fd, level, name, &on, sizeof on) != 0) die("setsockopt");
}

}  // namespace

void die(const char* doing) {
  const int cause = errno;
  std::fprintf(stderr, "%s: %s%s%s\n", program_invocation_short_name, doing, cause != 0 ? ": " : "",
               cause != 0 ? std::strerror(cause) : "");
  std::exit(2);
}

int listen_loopback(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  set_option(fd, SOL_SOCKET, SO_REUSEADDR);
  set_option(fd, SOL_SOCKET, SO_REUSEPORT);
  const sockaddr_in address = loopback(port, 1);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (listen(fd, 4096) != 0) die("listen");
  return fd;
}

int accept_connection(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return -1;
    die("accept");
  }
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

int connect_loopback(std::uint16_t port, unsigned source) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  const sockaddr_in from = loopback(0, source);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) die("bind");
  const sockaddr_in to = loopback(port, 1);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
    die("connect");
  }
  return fd;
}

void watch(int epoll, int operation, int fd, std::uint32_t events, void* data) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = data;
  if (epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

std::uint16_t parse_port(const char* text) {
  const int port = std::atoi(text);
  errno = 0;
  if (port < 1 || port > 65535) die("a port is 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

}  // namespace ravelin::bench
