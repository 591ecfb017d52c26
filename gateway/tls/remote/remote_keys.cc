#include "gateway/tls/remote/remote_keys.h"

#include "base/io/log.h"
#include "gateway/tls/remote/asking_together.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <future>
#include <utility>

namespace ravelin::gateway {
namespace {

using messages::Message;
using messages::Packet;
using messages::SeqSocket;
using messages::SignResult;

constexpr std::size_t kAnswersAtOnce = 64;

// A send that failed: because the peer does not read for now, or for good?
bool is_only_full(const SeqSocket& connection) {
  pollfd state{connection.fd(), POLLOUT, 0};
  return ::poll(&state, 1, 0) == 0;
}

}  // namespace

Signature signature_in(const Message& answer) {
  const auto* result = std::get_if<SignResult>(&answer);
  if (result == nullptr) return {};
  Signature signature(result->signature.size());
  std::ranges::transform(result->signature, signature.begin(),
                         [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
  return signature;
}

RemoteKeys::RemoteKeys(const Options& options)
    : options_(options), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread(&RemoteKeys::work, this);
}

RemoteKeys::~RemoteKeys() {
  stop();
}

void RemoteKeys::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_stopping_, true)) return;
  }
  wake();
  thread_.join();
  std::map<std::uint32_t, Question> unanswered;
  {
    const std::lock_guard lock(mutex_);
    unanswered.swap(outstanding_);
  }
  for (const auto& [id, question] : unanswered)
    question.done(nullptr);
}

void RemoteKeys::wake() const {
  static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void RemoteKeys::attach(std::vector<base::OwnedFd> connections) {
  if (connections.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    next_connection_.emplace(std::move(connections.front()));
  }
  wake();
}

void RemoteKeys::sign(messages::SignRequest request,
                      const std::shared_ptr<PendingSignature>& pending) {
  const std::weak_ptr<PendingSignature> waiting = pending;
  put(
      std::move(request), [waiting] { return !waiting.expired(); },
      [waiting](const Message* answer) {
        if (const auto still = waiting.lock(); still != nullptr)
          still->answer(answer == nullptr ? Signature() : signature_in(*answer));
      });
}

std::optional<Message> RemoteKeys::ask(const Message& question) {
  using Answer = std::optional<Message>;
  const auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  const base::MonoTime until = base::mono_now() + options_.patience;
  put(
      question, [until] { return base::mono_now() < until; },
      [promise](const Message* message) {
        promise->set_value(message == nullptr ? Answer() : Answer(*message));
      });
  // Nobody sends it for a thread that waits.
  send();
  if (answer.wait_for(options_.patience) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

RemoteKeys::Counts RemoteKeys::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.outstanding = outstanding_.size();
  counts.is_connected = connection_.has_value();
  return counts;
}

void RemoteKeys::put(const Message& message, IsWanted is_wanted, Done done) {
  std::uint32_t id = next_id_.fetch_add(1, std::memory_order_relaxed);
  if (id == 0) id = next_id_.fetch_add(1, std::memory_order_relaxed);  // an answer is wanted
  auto bytes = messages::encode({.id = id, .message = message});
  if (!bytes) return done(nullptr);  // it cannot be said
  {
    const std::lock_guard lock(mutex_);
    if (outstanding_.size() >= options_.outstanding_max) forget_unwanted();
    const bool has_room = outstanding_.size() < options_.outstanding_max;
    if (!is_stopping_ && has_room && !outstanding_.contains(id)) {
      outstanding_.emplace(id, Question{std::move(*bytes), std::move(is_wanted), std::move(done)});
      unsent_.push_back(id);
      done = nullptr;
    } else if (!is_stopping_) {
      ++counts_.overflow;
    }
  }
  if (done) return done(nullptr);
  if (AskingTogether* together = AskingTogether::current(); together != nullptr)
    together->at_the_end([this] { send(); });
  else
    send();
}

void RemoteKeys::send() {
  const std::lock_guard lock(mutex_);
  send_waiting();
  // What the connection does not take is the other thread's to send, once it does.
  if (is_full_) wake();
}

// With the lock.
void RemoteKeys::forget_unwanted() {
  counts_.given_up +=
      std::erase_if(outstanding_, [](const auto& each) { return !each.second.is_wanted(); });
  std::erase_if(unsent_, [this](std::uint32_t id) { return !outstanding_.contains(id); });
}

// With the lock. A connection that is gone is noticed where answers are waited for.
void RemoteKeys::send_waiting() {
  if (!connection_ || is_full_ || unsent_.empty()) return;
  std::vector<std::vector<std::byte>> next;
  std::vector<std::uint32_t> ids;
  for (const std::uint32_t id : unsent_) {
    const auto found = outstanding_.find(id);
    if (found == outstanding_.end()) continue;
    if (found->second.is_wanted()) {
      next.push_back(std::move(found->second.bytes));
      ids.push_back(id);
    } else {
      ++counts_.given_up;
      outstanding_.erase(found);
    }
  }
  const auto sent = connection_->send_encoded(next);
  for (std::size_t i = 0; i < ids.size(); ++i)
    outstanding_.at(ids[i]).bytes = std::move(next[i]);
  unsent_.assign(ids.begin() + static_cast<std::ptrdiff_t>(sent ? *sent : 0), ids.end());
  is_full_ = !unsent_.empty();
}

void RemoteKeys::work() {
  for (;;) {
    wait_for_news();
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) return;
      if (next_connection_) change_over();
      if (is_full_ && connection_ && !is_only_full(*connection_)) is_full_ = false;
      send_waiting();
    }
    while (receive_some()) {
    }
  }
}

// The connection is replaced on this thread alone, so it can be looked at without the lock.
void RemoteKeys::wait_for_news() {
  std::array<pollfd, 2> waiting{{{wake_.get(), POLLIN, 0}, {-1, POLLIN, 0}}};
  {
    const std::lock_guard lock(mutex_);
    if (connection_) {
      waiting[1].fd = connection_->fd();
      if (is_full_) waiting[1].events = POLLIN | POLLOUT;
    }
  }
  ::poll(waiting.data(), waiting.size(), -1);
  eventfd_t ignored = 0;
  if (waiting[0].revents != 0) static_cast<void>(::eventfd_read(wake_.get(), &ignored));
}

// With the lock: everything without an answer is asked again, in order.
void RemoteKeys::change_over() {
  const bool is_first = !connection_ && !was_lost_;
  connection_ = std::move(next_connection_);
  next_connection_.reset();
  is_full_ = false;
  const std::size_t not_sent = unsent_.size();
  unsent_.clear();
  for (const auto& [id, question] : outstanding_)
    unsent_.push_back(id);
  counts_.resent += unsent_.size() - std::min(not_sent, unsent_.size());
  if (!is_first)
    base::log_info("keys", "the key process is there again", {{"asked_again", unsent_.size()}});
  was_lost_ = false;
}

void RemoteKeys::lose(const base::Error& why) {
  const std::lock_guard lock(mutex_);
  connection_.reset();
  is_full_ = false;
  was_lost_ = true;
  ++counts_.losses;
  base::log_warn("keys", "the key process is gone; handshakes wait for the next one",
                 {{"reason", why.message}, {"waiting", outstanding_.size()}});
}

// True: there may be more.
bool RemoteKeys::receive_some() {
  if (!connection_) return false;
  std::vector<Packet> answers;
  std::optional<base::Error> lost;
  while (answers.size() < kAnswersAtOnce && !lost) {
    auto received = connection_->receive(std::chrono::milliseconds(0));
    if (!received)
      lost = received.error();
    else if (*received)
      answers.push_back(std::move((*received)->packet));
    else
      break;
  }
  const bool is_drained = answers.size() < kAnswersAtOnce;
  deliver(answers);
  if (lost) lose(*lost);
  return !is_drained && !lost;
}

void RemoteKeys::deliver(const std::vector<Packet>& answers) {
  std::vector<std::pair<Question, const Message*>> ready;
  ready.reserve(answers.size());
  {
    const std::lock_guard lock(mutex_);
    for (const Packet& answer : answers) {
      const auto found = outstanding_.find(answer.id);
      if (found == outstanding_.end()) continue;
      ++counts_.answered;
      const auto* result = std::get_if<SignResult>(&answer.message);
      if (result != nullptr && result->outcome != messages::Outcome::done) ++counts_.refused;
      ready.emplace_back(std::move(found->second), &answer.message);
      outstanding_.erase(found);
    }
  }
  for (const auto& [question, answer] : ready)
    question.done(answer);
}

}  // namespace ravelin::gateway
