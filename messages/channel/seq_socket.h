// Messages over a Unix socket of whole datagrams (SOCK_SEQPACKET), with the descriptors that go
// with them and the credentials of who sent them. Non-blocking where it says so; one thread.
#pragma once

#include "base/io/owned_fd.h"
#include "base/result.h"
#include "messages/codec.h"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::messages {

using base::OwnedFd;
using base::Result;

struct Received {
  Packet packet;
  std::vector<OwnedFd> descriptors;
};

struct PeerId {
  pid_t pid = 0;
  uid_t uid = 0;
};

class SeqSocket {
 public:
  explicit SeqSocket(OwnedFd fd) : fd_(std::move(fd)) {}

  // Two ends of one connection, close-on-exec.
  static Result<std::pair<SeqSocket, SeqSocket>> make_pair();

  // Errc::not_found: nobody listens there.
  static Result<SeqSocket> connect(const std::string& path);

  // At most one message; none when none waits (or, with a `patience`, came in time).
  // Errc::unavailable: the peer has closed; Errc::protocol: it sent something that is no message.
  Result<std::optional<Received>> receive(std::chrono::milliseconds patience);

  // `descriptors` stay the caller's. Errc::unavailable: the peer is gone, or does not read.
  Result<> send(const Packet& packet, std::span<const int> descriptors = {});

  // The same, waiting that long while the peer is behind.
  Result<> send_within(const Packet& packet, std::chrono::milliseconds patience,
                       std::span<const int> descriptors = {});

  // Encoded messages without descriptors, in one system call: how many of them were taken. Errors:
  // Errc::unavailable, the peer is gone.
  Result<std::size_t> send_encoded(std::span<const std::vector<std::byte>> messages);

  [[nodiscard]] Result<PeerId> peer() const;

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  OwnedFd fd_;
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
  SeqListener(OwnedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  OwnedFd fd_;
  std::string path_;
};

// A text in memory that nobody can change any more, to be handed over as a descriptor, and back.
Result<OwnedFd> memory_file(std::string_view text);
Result<std::string> read_memory_file(int fd, std::size_t bytes_max);

}  // namespace ravelin::messages
