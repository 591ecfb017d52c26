#include "tests/support/late_signer.h"

#include "base/check.h"
#include "certs/signing/signature_scheme.h"

namespace ravelin::test {

LateSigner::LateSigner(EVP_PKEY* key) : key_(certs::share(key)), thread_(&LateSigner::work, this) {}

LateSigner::~LateSigner() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void LateSigner::sign(gateway::SignRequest request,
                      std::shared_ptr<gateway::PendingSignature> pending) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back({std::move(request), std::move(pending)});
  changed_.notify_one();
}

void LateSigner::allow_one() {
  const std::lock_guard lock(mutex_);
  ++allowed_;
  changed_.notify_one();
}

gateway::Signature LateSigner::sign_now(const gateway::SignRequest& request) {
  if (refuses_) return {};
  auto signature = certs::sign_with_scheme(key_.get(), request.scheme, request.structure);
  CHECK(signature);
  return std::move(*signature);
}

void LateSigner::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || (!jobs_.empty() && allowed_ > 0); });
    if (stopping_) return;
    --allowed_;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    ++late_answers_;
    job.pending->answer(sign_now(job.request));
    lock.lock();
  }
}

}  // namespace ravelin::test
