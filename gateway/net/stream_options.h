// What every TCP connection is set to, and what an errno of the system's exhaustion looks like.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace ravelin::gateway {

inline void set_socket_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

// Small writes leave at once. A peer that vanished without a word is noticed after two minutes of
// silence, also where nobody waits for it with a shorter deadline (tunnels). Accepted sockets
// inherit these from their listener.
inline void set_stream_options(int fd) {
  set_socket_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_socket_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_socket_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_socket_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set_socket_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

// Out of descriptors or memory: this process or machine, not its peer.
inline bool is_exhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace ravelin::gateway
