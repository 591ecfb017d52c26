// The socket calls the benchmark programs share: loopback only, non-blocking, one thread each. What
// cannot go on ends the program with a message: a benchmark that limps on measures something else.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

namespace ravelin::bench {

// Prints "program: doing: reason" (the reason is errno's, when it is set) and exits 2.
[[noreturn]] void die(const char* doing);

// A listening socket on 127.0.0.1 with SO_REUSEPORT, so that several processes may share the port.
int listen_loopback(std::uint16_t port);

// Accepts one connection, non-blocking and without delay; -1 when none waits.
int accept_connection(int listener);

// Starts to connect to 127.0.0.1:port from 127.0.0.`source` (1 to 254): several sources, because
// one address runs out of ports at a few thousand short connections a second. Wait for EPOLLOUT.
int connect_loopback(std::uint16_t port, unsigned source);

// epoll_ctl, `data` comes back in epoll_event::data.ptr.
void watch(int epoll, int operation, int fd, std::uint32_t events, void* data);

// The port in a decimal text, or exit 2.
std::uint16_t parse_port(const char* text);

}  // namespace ravelin::bench
