// A TCP socket that never blocks: every wait on it takes a Patience. One thread at a time.
#pragma once

#include "certs/acme/patience.h"
#include "certs/acme/resolver.h"

#include <string_view>

namespace ravelin::certs::acme {

// Connects a socket that does not block. Errors begin with `doing`: Errc::unavailable (refused, no
// way there, stopped), Errc::timeout.
Result<> connect_within(int fd, const SocketAddress& address, const Patience& patience,
                        std::string_view doing);

// A connected socket and its end.
class TcpSocket {
 public:
  static Result<TcpSocket> connect(const SocketAddress& address, const Patience& patience);

  TcpSocket(TcpSocket&& other) noexcept;
  TcpSocket& operator=(TcpSocket&&) = delete;
  ~TcpSocket();

  [[nodiscard]] int fd() const { return fd_; }

 private:
  explicit TcpSocket(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace ravelin::certs::acme
