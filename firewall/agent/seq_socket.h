// Messages over a Unix socket of whole datagrams (SOCK_SEQPACKET), with the descriptors that go
// with them and the credentials of who sent them. Non-blocking where it says so; one thread.
#pragma once

#include "base/result.h"
#include "messages/codec.h"

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::firewall {

using base::Result;

// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}

  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct Received {
  messages::Packet packet;
  std::vector<Fd> descriptors;
};

struct PeerId {
  pid_t pid = 0;
  uid_t uid = 0;
};

class SeqSocket {
 public:
  explicit SeqSocket(Fd fd) : fd_(std::move(fd)) {}

  // Errc::not_found: nobody listens there.
  static Result<SeqSocket> connect(const std::string& path);

  // At most one message; none when none waits (or, with a `patience`, came in time).
  // Errc::unavailable: the peer has closed; Errc::protocol: it sent something that is no message.
  Result<std::optional<Received>> receive(std::chrono::milliseconds patience);

  // Errc::unavailable: the peer is gone, or does not read.
  Result<> send(const messages::Packet& packet, int descriptor = -1);

  [[nodiscard]] Result<PeerId> peer() const;

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

class SeqListener {
 public:
  // Takes the place of a socket nobody listens on. Errc::conflict: somebody does.
  static Result<SeqListener> open(const std::string& path, mode_t mode);
  SeqListener(SeqListener&&) = default;
  SeqListener& operator=(SeqListener&&) = delete;
  SeqListener(const SeqListener&) = delete;
  SeqListener& operator=(const SeqListener&) = delete;
  ~SeqListener();  // removes the socket's name

  [[nodiscard]] Result<std::optional<SeqSocket>> accept();

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  SeqListener(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Fd fd_;
  std::string path_;
};

// A text in memory, to be handed over as a descriptor, and back.
Result<Fd> memory_file(std::string_view text);
Result<std::string> read_memory_file(int fd, std::size_t bytes_max);

}  // namespace ravelin::firewall
