#include "gateway/proxy/rules/password_checks.h"

#include "gateway/route/basic_credentials.h"

#include <crypt.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace ravelin::gateway {

struct PasswordChecks::Shared {
  struct Question {
    std::string password;
    std::string hash;
    Reactor* reactor;
    Answer answer;
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Question> waiting;
  bool is_closed = false;
  std::vector<std::thread> threads;

  void work();
  void start_threads();
};

void PasswordChecks::Shared::work() {
  ::pthread_setname_np(::pthread_self(), "passwords");
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return is_closed || !waiting.empty(); });
    if (is_closed) return;
    Question question = std::move(waiting.front());
    waiting.pop_front();
    lock.unlock();
    const bool is_right = matches_hash(question.password, question.hash);
    ::explicit_bzero(question.password.data(), question.password.size());
    lock.lock();
    if (is_closed) return;
    question.reactor->post([answer = std::move(question.answer), is_right] { answer(is_right); });
  }
}

// Signals belong to the control thread.
void PasswordChecks::Shared::start_threads() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  while (threads.size() < kThreads)
    threads.emplace_back([this] { work(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

PasswordChecks::PasswordChecks() : shared_(std::make_unique<Shared>()) {}

PasswordChecks::~PasswordChecks() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_closed = true;
    shared_->changed.notify_all();
  }
  for (std::thread& thread : shared_->threads)
    thread.join();
}

bool PasswordChecks::ask(std::string password, std::string hash, Reactor& reactor, Answer answer) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->waiting.size() >= kWaitingMax) return false;
  if (shared_->threads.empty()) shared_->start_threads();
  shared_->waiting.push_back({std::move(password), std::move(hash), &reactor, std::move(answer)});
  shared_->changed.notify_one();
  return true;
}

bool matches_hash(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();  // 32 KiB
  const char* made = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool is_right = made != nullptr && equals_in_constant_time(made, hash);
  ::explicit_bzero(data.get(), sizeof *data);
  return is_right;
}

}  // namespace ravelin::gateway
