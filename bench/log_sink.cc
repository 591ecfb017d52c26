// log_sink PORT FILE: writes what arrives over TCP to a file. HAProxy 2.6 cannot write a log file
// itself; its cheapest way out is a ring that a forwarder empties over TCP, and this is the other
// end, as rsyslog would be. Its CPU time is not counted to anyone.
#include "bench/net.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace ravelin::bench {

namespace {

void watch_descriptor(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

void copy(int from, int to) {
  static std::array<char, 1024 * 1024> scratch;
  const ssize_t got = recv(from, scratch.data(), scratch.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    close(from);
    return;
  }
  if (write(to, scratch.data(), static_cast<std::size_t>(got)) != got) die("writing the log");
}

[[noreturn]] void serve(std::uint16_t port, const char* path) {
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) die("opening the log");
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_loopback(port);
  watch_descriptor(epoll, listener);
  std::array<epoll_event, 16> events;
  for (;;) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd != listener) {
        copy(fd, file);
      } else if (const int accepted = accept_connection(listener); accepted >= 0) {
        watch_descriptor(epoll, accepted);
      }
    }
  }
}

}  // namespace

}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    errno = 0;
    ravelin::bench::die("usage: bench_log_sink PORT FILE");
  }
  ravelin::bench::serve(ravelin::bench::parse_port(argv[1]), argv[2]);
}
