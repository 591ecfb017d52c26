#include "messages/channel/correspondent.h"

#include <sys/socket.h>

#include <utility>

namespace ravelin::messages {

using base::Errc;

Correspondent::Correspondent(SeqSocket socket, Side side, std::function<void(Packet)> handler)
    : socket_(std::move(socket)), side_(side), handler_(std::move(handler)) {
  reader_ = std::thread(&Correspondent::read, this);
}

Correspondent::~Correspondent() {
  ::shutdown(socket_.fd(), SHUT_RDWR);
  reader_.join();
}

void Correspondent::read() {
  constexpr std::chrono::seconds kTurn{60};
  for (;;) {
    auto received = socket_.receive(kTurn);
    if (!received) break;  // it is gone, or no process of ours
    if (*received) take_in(std::move((*received)->packet));
  }
  {
    const std::lock_guard guard(mutex_);
    is_closed_ = true;
  }
  arrived_.notify_all();
}

void Correspondent::take_in(Packet packet) {
  if (packet.id == 0 || side_ == Side::answers) return handler_(std::move(packet));
  {
    const std::lock_guard guard(mutex_);
    const auto asked = asked_.find(packet.id);
    if (asked == asked_.end()) return;  // nobody waits for it any more
    asked->second = std::move(packet.message);
  }
  arrived_.notify_all();
}

Result<Message> Correspondent::ask(Message question, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (++last_id_ == 0) ++last_id_;
  const std::uint32_t id = last_id_;
  asked_.emplace(id, std::nullopt);
  lock.unlock();
  const auto sent = tell({.id = id, .message = std::move(question)}, patience);
  lock.lock();
  if (sent)
    arrived_.wait_for(lock, patience,
                      [this, id] { return asked_.at(id).has_value() || is_closed_.load(); });
  std::optional<Message> answer = std::move(asked_.at(id));
  asked_.erase(id);
  if (answer) return std::move(*answer);
  if (!sent) return sent.error();
  if (is_closed_) return base::fail(Errc::unavailable, "the other process is gone");
  return base::fail(Errc::timeout, "the other process did not answer within {} ms",
                    patience.count());
}

Result<> Correspondent::tell(const Packet& packet, std::chrono::milliseconds patience) {
  return socket_.send_within(packet, patience);
}

}  // namespace ravelin::messages
