// What an intruder tries on the network.
#include "tests/system/confine/attempts.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::system {
namespace {

int make_socket(int family, int type, int protocol) {
  const int fd = ::socket(family, type, protocol);
  const int error = error_of(fd);
  if (fd >= 0) ::close(fd);
  return error;
}

int connect_forbidden(const Surrounding& around) {
  return on_a_tcp_socket(::connect, around.forbidden_port);
}

int bind_tcp(const Surrounding& around) {
  static_cast<void>(around);
  return on_a_tcp_socket(::bind, 0);
}

int speak_to_firewall(const Surrounding& around) {
  static_cast<void>(around);
  return make_socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}

int make_tcp_socket(const Surrounding& around) {
  static_cast<void>(around);
  return make_socket(AF_INET, SOCK_STREAM, 0);
}

int make_raw_socket(const Surrounding& around) {
  static_cast<void>(around);
  return make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

int make_packet_socket(const Surrounding& around) {
  static_cast<void>(around);
  return make_socket(AF_PACKET, SOCK_RAW, 0);
}

constexpr Attempt kSocketsAttempts[] = {
    {"connect_forbidden", connect_forbidden}, {"bind_tcp", bind_tcp},
    {"speak_to_firewall", speak_to_firewall}, {"make_tcp_socket", make_tcp_socket},
    {"make_raw_socket", make_raw_socket},     {"make_packet_socket", make_packet_socket},
};

}  // namespace

Attempts attempts_on_sockets() {
  return kSocketsAttempts;
}

}  // namespace ravelin::system
