// The gateway's end of the connection to the process that holds the keys. What is asked goes out on
// the thread that asks, answers come in on one thread of its own. While the connection is down,
// questions are kept and asked again on the next one, so that handshakes wait while the key process
// starts anew. Any thread.
#pragma once

#include "base/clock.h"
#include "gateway/tls/signing_pause.h"
#include "messages/channel/seq_socket.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace ravelin::gateway {

class RemoteKeys {
 public:
  struct Options {
    std::size_t outstanding_max = 4'096;  // questions without an answer; more are refused
    // How long one waits who cannot be paused: certificates being loaded.
    base::Duration patience = std::chrono::seconds(5);
  };

  struct Counts {
    std::uint64_t answered = 0;
    std::uint64_t refused = 0;   // of the answers
    std::uint64_t overflow = 0;  // too many were outstanding
    std::uint64_t given_up = 0;  // nobody waited any more when it was to be sent
    std::uint64_t resent = 0;
    std::uint64_t losses = 0;  // of the connection
    std::size_t outstanding = 0;
    bool is_connected = false;
  };

  explicit RemoteKeys(const Options& options);

  RemoteKeys() : RemoteKeys(Options{}) {}

  RemoteKeys(const RemoteKeys&) = delete;
  RemoteKeys& operator=(const RemoteKeys&) = delete;
  ~RemoteKeys();  // stops

  // The thread ends. What has no answer by then, or is asked afterwards, is refused. Once the
  // gateway is gone, and before the log is; one thread.
  void stop();

  // Connections to the key process, made by the supervisor. The first one is used, in place of the
  // one before; the others are closed.
  void attach(std::vector<base::OwnedFd> connections);

  // Answered, whatever happens, unless the handshake gives up: lets go of its half.
  void sign(messages::SignRequest request, const std::shared_ptr<PendingSignature>& pending);

  // Waits for the answer. nullopt: none came in time.
  std::optional<messages::Message> ask(const messages::Message& question);

  [[nodiscard]] Counts counts() const;

 private:
  using IsWanted = std::function<bool()>;
  // Told nothing when there is no answer to come.
  using Done = std::function<void(const messages::Message*)>;

  struct Question {
    std::vector<std::byte> bytes;  // encoded
    IsWanted is_wanted;
    Done done;
  };

  void put(const messages::Message& message, IsWanted is_wanted, Done done);
  void send();
  void forget_unwanted();
  void send_waiting();
  void work();
  void wait_for_news();
  void change_over();
  void lose(const base::Error& why);
  bool receive_some();
  void deliver(const std::vector<messages::Packet>& answers);
  void wake() const;

  const Options options_;
  std::atomic<std::uint32_t> next_id_{1};
  base::OwnedFd wake_;
  // Held for one send at a time, and a few moves.
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Question> outstanding_;
  std::deque<std::uint32_t> unsent_;
  std::optional<messages::SeqSocket> connection_;
  std::optional<messages::SeqSocket> next_connection_;
  bool is_full_ = false;  // the connection takes nothing now, or never more
  bool is_stopping_ = false;
  bool was_lost_ = false;
  Counts counts_;
  std::thread thread_;
};

// Empty: it is no signature.
Signature signature_in(const messages::Message& answer);

}  // namespace ravelin::gateway
