// backend PORT: the plaintext HTTP/1.1 server behind every gateway of the benchmark. One thread,
// epoll, answers made in advance: it must never be what limits a run. It trusts its gateway: it
// understands GET …/bytes/N (N bytes) and POST …/sink with a length (answers the count), no more.
#include "bench/net.h"
#include "bench/pattern.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ravelin::bench {

namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;

std::string make_response(std::string_view status, std::string_view body) {
  std::string response = "HTTP/1.1 ";
  response.append(status);
  response.append("\r\nServer: bench\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n");
  response.append("Content-Type: application/octet-stream\r\nContent-Length: ");
  response.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return response;
}

// The number right after `key` in `text`, which is compared without case.
bool number_after(std::string_view text, std::string_view key, std::size_t& number) {
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  const std::string_view::const_iterator at =
      std::search(text.begin(), text.end(), key.begin(), key.end(), same);
  if (at == text.end()) return false;
  auto from = static_cast<std::size_t>(at - text.begin()) + key.size();
  while (from < text.size() && text[from] == ' ')
    ++from;
  return std::from_chars(text.data() + from, text.data() + text.size(), number).ec == std::errc();
}

class Connection {
 public:
  Connection(int epoll, int fd) : epoll_(epoll), fd_(fd) {
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, this);
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ~Connection() { close(fd_); }

  // False: the connection is over.
  bool on_event(std::uint32_t events);

 private:
  bool receive();
  bool consume(std::string_view bytes);
  bool answer(std::string_view head);
  bool answer_bytes(std::size_t bytes);
  void answer_sink();
  bool flush();

  int epoll_;
  int fd_;
  bool waits_to_write_ = false;
  std::string unread_;         // an incomplete head, or requests behind an unsent answer
  std::size_t body_left_ = 0;  // of the upload being read
  std::size_t body_bytes_ = 0;
  std::string own_answer_;  // what out_ points into, when the answer is not a shared one
  std::string_view out_;    // not yet sent
};

bool Connection::on_event(std::uint32_t events) {
  if (waits_to_write_) {
    if (!flush()) return false;
    if (!out_.empty()) return true;
    waits_to_write_ = false;
    watch(epoll_, EPOLL_CTL_MOD, fd_, EPOLLIN, this);
    return consume(std::exchange(unread_, {}));
  }
  return (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || receive();
}

bool Connection::receive() {
  static std::array<char, 256 * 1024> scratch;
  const ssize_t got = recv(fd_, scratch.data(), scratch.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  const std::string_view bytes(scratch.data(), static_cast<std::size_t>(got));
  if (unread_.empty()) return consume(bytes);
  std::string joined = std::exchange(unread_, {});
  joined.append(bytes);
  return consume(joined);
}

bool Connection::consume(std::string_view bytes) {
  while (!bytes.empty()) {
    if (waits_to_write_) {
      unread_ = bytes;
      return true;
    }
    if (body_left_ > 0) {
      const std::size_t taken = std::min(body_left_, bytes.size());
      bytes.remove_prefix(taken);
      body_left_ -= taken;
      if (body_left_ > 0) return true;
      answer_sink();
      if (!flush()) return false;
      continue;
    }
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      unread_ = bytes;
      return unread_.size() <= kHeadBytesMax;
    }
    if (!answer(bytes.substr(0, end + 2))) return false;
    bytes.remove_prefix(end + 4);
  }
  return true;
}

bool Connection::answer(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  std::size_t bytes = 0;
  if (line.starts_with("GET ")) {
    if (number_after(line, "/bytes/", bytes) && bytes <= kBodyBytesMax) return answer_bytes(bytes);
    if (line.find(" / ") != std::string_view::npos) return answer_bytes(1024);
  } else if (line.starts_with("POST ") && number_after(head, "\r\ncontent-length:", bytes)) {
    body_bytes_ = body_left_ = bytes;
    if (bytes > 0) return true;
    answer_sink();
    return flush();
  }
  own_answer_ = make_response("501 Not Implemented", head);
  out_ = own_answer_;
  return flush();
}

bool Connection::answer_bytes(std::size_t bytes) {
  static std::unordered_map<std::size_t, std::string> answers;
  std::string& response = answers[bytes];
  if (response.empty()) response = make_response("200 OK", body_pattern(bytes));
  out_ = response;
  return flush();
}

void Connection::answer_sink() {
  own_answer_ = make_response("200 OK", std::to_string(body_bytes_));
  out_ = own_answer_;
}

bool Connection::flush() {
  while (!out_.empty()) {
    const ssize_t sent = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) {
      if (!waits_to_write_) watch(epoll_, EPOLL_CTL_MOD, fd_, EPOLLOUT, this);
      waits_to_write_ = true;
      return true;
    }
    out_.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

[[noreturn]] void serve(std::uint16_t port) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_loopback(port);
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  std::array<epoll_event, 256> events;
  for (;;) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        for (int fd = accept_connection(listener); fd >= 0; fd = accept_connection(listener)) {
          // Owned by its registration.
          static_cast<void>(std::make_unique<Connection>(epoll, fd).release());
        }
        continue;
      }
      std::unique_ptr<Connection> owned(static_cast<Connection*>(event.data.ptr));
      if (owned->on_event(event.events)) static_cast<void>(owned.release());
    }
  }
}

}  // namespace

}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    errno = 0;
    ravelin::bench::die("usage: bench_backend PORT");
  }
  ravelin::bench::serve(ravelin::bench::parse_port(argv[1]));
}
