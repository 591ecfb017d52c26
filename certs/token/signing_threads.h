// The threads that sign with one token, off everybody else's: a queue with a limit, which refuses
// the newest when it is full.
#pragma once

#include "base/io/log.h"
#include "certs/token/signing_hand.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ravelin::certs {

struct SigningOptions {
  unsigned threads = 4;           // each with a session of its own
  std::size_t queue_max = 1'024;  // signatures that wait
};

struct SignJob {
  std::shared_ptr<const WantedKey> key;
  SignKind kind = SignKind::ecdsa;
  Bytes input;
  std::function<bool()> is_wanted;          // still, when its turn comes
  std::function<void(Result<Bytes>)> done;  // called exactly once, unless it is not wanted
};

// Since the beginning; each signature asked for is in one of them, or waits.
struct SigningCounts {
  std::uint64_t signed_ = 0;
  std::uint64_t failed = 0;   // the token did not
  std::uint64_t refused = 0;  // the queue was full
  std::uint64_t dropped = 0;  // nobody waited for it any more
};

class SigningThreads {
 public:
  SigningThreads(std::shared_ptr<Token> token, const SigningOptions& options);
  SigningThreads(const SigningThreads&) = delete;
  SigningThreads& operator=(const SigningThreads&) = delete;
  // Waits for what the token is doing; what waits for its turn is told that it will not come. Never
  // on one of the threads.
  ~SigningThreads();

  // From any thread; does not wait. `done` is called on one of the threads, or here, when the job
  // is refused.
  void submit(SignJob job);

  [[nodiscard]] SigningCounts counts() const;
  [[nodiscard]] std::size_t waiting() const;

 private:
  void work();
  void finish(SignJob& job, SigningHand& hand);

  std::shared_ptr<Token> token_;
  SigningOptions options_;
  std::atomic<std::uint64_t> signed_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> dropped_{0};
  base::LogRate failures_logged_{1};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SignJob> queue_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ravelin::certs
