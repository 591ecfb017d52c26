// A Signer that behaves: it holds a real key and answers from its own thread, once it may.
#pragma once

#include "gateway/tls/late_key.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace ravelin::test {

// Signs with one key whatever it is asked.
class LateSigner final : public gateway::Signer {
 public:
  explicit LateSigner(EVP_PKEY* key);
  ~LateSigner() override;

  void sign(gateway::SignRequest request,
            std::shared_ptr<gateway::PendingSignature> pending) override;
  gateway::Signature sign_now(const gateway::SignRequest& request) override;

  // The next answer may go; without, the one who asked waits.
  void allow_one();

  // From now on every answer is a refusal.
  void refuse_all() { refuses_ = true; }

  [[nodiscard]] int late_answers() const { return late_answers_; }

 private:
  struct Job {
    gateway::SignRequest request;
    std::shared_ptr<gateway::PendingSignature> pending;
  };

  void work();

  certs::KeyPtr key_;
  std::atomic<bool> refuses_{false};
  std::atomic<int> late_answers_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  int allowed_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ravelin::test
