#include "certs/token/signing_threads.h"

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

}  // namespace

SigningThreads::SigningThreads(std::shared_ptr<Token> token, const SigningOptions& options)
    : token_(std::move(token)), options_(options) {
  threads_.reserve(options_.threads);
  for (unsigned i = 0; i < options_.threads; ++i)
    threads_.emplace_back(&SigningThreads::work, this);
}

SigningThreads::~SigningThreads() {
  std::deque<SignJob> left;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    left.swap(queue_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
  for (SignJob& job : left)
    job.done(fail(Errc::unavailable, "the signing threads end"));
}

void SigningThreads::submit(SignJob job) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_stopping_ && queue_.size() < options_.queue_max) {
      queue_.push_back(std::move(job));
      changed_.notify_one();
      return;
    }
  }
  refused_.fetch_add(1, std::memory_order_relaxed);
  job.done(fail(Errc::unavailable, "token \"{}\": {} signatures wait already", token_->label(),
                options_.queue_max));
}

void SigningThreads::work() {
  SigningHand hand(*token_);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
    if (is_stopping_) return;
    SignJob job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    finish(job, hand);
    job = {};  // what it holds goes before the lock is taken
    lock.lock();
  }
}

void SigningThreads::finish(SignJob& job, SigningHand& hand) {
  if (!job.is_wanted()) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto signature = hand.sign(*job.key, job.kind, job.input);
  (signature ? signed_ : failed_).fetch_add(1, std::memory_order_relaxed);
  if (!signature)
    base::log_limited(failures_logged_, base::LogLevel::error, "certs", "a token did not sign",
                      {{"token", token_->label()},
                       {"key", job.key->uri.text},
                       {"reason", signature.error().message}});
  job.done(std::move(signature));
}

SigningCounts SigningThreads::counts() const {
  return {signed_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed),
          refused_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed)};
}

std::size_t SigningThreads::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

}  // namespace ravelin::certs
