// The connections of the key process and the threads that answer them.
#pragma once

#include "messages/channel/seq_socket.h"
#include "system/keys/key_desk.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace ravelin::system {

class KeyServer {
 public:
  // `desk` must outlive it. Errors: no epoll.
  static base::Result<std::unique_ptr<KeyServer>> open(KeyDesk& desk, unsigned threads);
  KeyServer(const KeyServer&) = delete;
  KeyServer& operator=(const KeyServer&) = delete;
  ~KeyServer();

  // Any thread.
  void add(base::OwnedFd connection);

 private:
  // Its socket is used by several threads at once: each of its calls is one system call.
  struct Line {
    explicit Line(base::OwnedFd fd) : socket(std::move(fd)) {}

    messages::SeqSocket socket;
    std::atomic<bool> is_closed{false};
  };

  using LinePtr = std::shared_ptr<Line>;

  explicit KeyServer(KeyDesk& desk) : desk_(desk) {}

  void work();
  bool serve(std::uint64_t id, const LinePtr& line);
  void close(std::uint64_t id, const LinePtr& line, const base::Error& why);
  LinePtr find(std::uint64_t id);

  class Answers;

  static void send(Line& line, std::span<const std::vector<std::byte>> answers);

  KeyDesk& desk_;
  base::OwnedFd epoll_;
  base::OwnedFd stop_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, LinePtr> lines_;
  std::uint64_t next_id_ = 1;  // 0 is stop_
  std::vector<std::thread> threads_;
};

}  // namespace ravelin::system
