// A client that sends what a test tells it to, whole or broken, and reads what comes back. Blocks,
// for at most five seconds a call.
#pragma once

#include "gateway/net/listener.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <string>
#include <string_view>

namespace ravelin::gateway {

class AdminTestClient {
 public:
  static AdminTestClient to_socket(const std::string& path) {
    return AdminTestClient(to_socket_address(base::UnixEndpoint{path}));
  }

  static AdminTestClient to_tcp(const base::IpEndpoint& endpoint, int receive_bytes = 0) {
    return AdminTestClient(to_socket_address(endpoint), receive_bytes);
  }

  [[nodiscard]] bool is_connected() const { return connected_; }

  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // One response, by its Content-Length; "" when the connection ends first.
  std::string read_response() {
    std::size_t head = std::string::npos;
    while ((head = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_some()) return {};
    }
    const std::size_t total = head + 4 + content_length(input_.substr(0, head));
    while (input_.size() < total) {
      if (!read_some()) return {};
    }
    std::string response = input_.substr(0, total);
    input_.erase(0, total);
    return response;
  }

  std::string read_until_closed() {
    while (read_some()) {
    }
    return std::exchange(input_, {});
  }

  void close_writing() { ::shutdown(fd_.get(), SHUT_WR); }

  std::string ask(std::string_view request) {
    send(request);
    return read_response();
  }

 private:
  explicit AdminTestClient(const SocketAddress& address, int receive_bytes = 0)
      : fd_(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (receive_bytes != 0)
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    connected_ = ::connect(fd_.get(), address.get(), address.length) == 0;
  }

  static std::size_t content_length(const std::string& head) {
    constexpr std::string_view kName = "\r\nContent-Length: ";
    const std::size_t place = head.find(kName);
    return place == std::string::npos ? 0 : std::stoul(head.substr(place + kName.size()));
  }

  bool read_some() {
    std::array<char, 64 * 1024> block{};
    const ssize_t got = ::recv(fd_.get(), block.data(), block.size(), 0);
    if (got <= 0) return false;
    input_.append(block.data(), static_cast<std::size_t>(got));
    return true;
  }

  OwnedFd fd_;
  bool connected_ = false;
  std::string input_;
};

inline std::string request_text(std::string_view method, std::string_view path,
                                std::string_view body = {}) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", method,
                     path, body.size(), body);
}

inline int status_of(const std::string& response) {
  return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3));
}

}  // namespace ravelin::gateway
