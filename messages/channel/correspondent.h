// One end of a connection to another process, where each side may ask and tell: a thread takes what
// comes, answers go to whoever asked, all else to the handler. Packets with an id are questions
// and, with the same id, their answers; only one of the two sides asks.
#pragma once

#include "messages/channel/seq_socket.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace ravelin::messages {

class Correspondent {
 public:
  // Whether this end asks: what has an id is an answer then, and a question otherwise.
  enum class Side : std::uint8_t { asks, answers };

  // `handler` is called on the correspondent's thread.
  Correspondent(SeqSocket socket, Side side, std::function<void(Packet)> handler);
  Correspondent(const Correspondent&) = delete;
  Correspondent& operator=(const Correspondent&) = delete;
  // Whoever waits for an answer gets none. Not on its own thread: a handler keeps none of them.
  ~Correspondent();

  // ---- any thread ----
  // The answer. Errors: Errc::timeout, Errc::unavailable: the other side is gone, or does not read.
  Result<Message> ask(Message question, std::chrono::milliseconds patience);

  // Waits that long while the other side is behind. Errors: Errc::unavailable.
  Result<> tell(const Packet& packet, std::chrono::milliseconds patience = {});

  [[nodiscard]] bool is_closed() const { return is_closed_.load(); }

 private:
  void read();
  void take_in(Packet packet);

  SeqSocket socket_;
  Side side_;
  std::function<void(Packet)> handler_;
  std::mutex mutex_;  // the rest
  std::condition_variable arrived_;
  std::uint32_t last_id_ = 0;
  std::map<std::uint32_t, std::optional<Message>> asked_;
  std::atomic<bool> is_closed_{false};
  std::thread reader_;
};

}  // namespace ravelin::messages
