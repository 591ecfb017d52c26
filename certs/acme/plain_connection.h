// One TCP connection in the clear to a server of things that prove themselves, every step within a
// patience. Blocks; one thread at a time.
#pragma once

#include "certs/acme/patience.h"
#include "certs/acme/resolver.h"
#include "certs/acme/tcp_socket.h"
#include "certs/acme/url.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::certs::acme {

class PlainConnection {
 public:
  // Connects to the first address that takes it. Errors name host and port.
  static Result<PlainConnection> open(const Url& url, Resolver& resolver, const Patience& patience);

  Result<> send(std::string_view bytes, const Patience& patience);
  // 0 = the peer has ended.
  Result<std::size_t> receive(std::span<char> into, const Patience& patience);

 private:
  PlainConnection(TcpSocket socket, std::string peer)
      : socket_(std::move(socket)), peer_(std::move(peer)) {}

  TcpSocket socket_;
  std::string peer_;  // host:port, for messages
};

}  // namespace ravelin::certs::acme
