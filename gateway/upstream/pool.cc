#include "gateway/upstream/pool.h"

namespace ravelin::gateway {

bool Pool::enqueue(QueuedRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= config_.queue.max) return false;
    request.given_ = kNone;
    request.is_queued_ = true;
    request.place_ = queue_.insert(queue_.end(), &request);
    queued_.store(static_cast<std::uint32_t>(queue_.size()), std::memory_order_seq_cst);
  }
  // A place given back between the caller's last try and the line above would be missed: look once
  // more.
  offer_places();
  return true;
}

std::size_t Pool::dequeue(QueuedRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.is_queued_) {
    queue_.erase(request.place_);
    request.is_queued_ = false;
    queued_.store(static_cast<std::uint32_t>(queue_.size()), std::memory_order_relaxed);
  }
  return request.given_;
}

void Pool::leave(std::size_t server) {
  servers_[server]->leave();
  if (queued_.load(std::memory_order_seq_cst) != 0) offer_places();
}

// A server of the first tier that is usable at all: backups stay out while a primary is up.
std::size_t Pool::take_any_place() {
  for (const bool backup : {false, true}) {
    bool tier_is_up = false;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      Server& server = *servers_[i];
      if (config_.servers[i].backup != backup || !server.is_usable() || server.weight() == 0)
        continue;
      tier_is_up = true;
      if (server.try_enter()) return i;
    }
    if (tier_is_up) break;
  }
  return kNone;
}

void Pool::offer_places() {
  const std::lock_guard lock(mutex_);
  while (!queue_.empty()) {
    const std::size_t found = take_any_place();
    if (found == kNone) break;
    QueuedRequest& request = *queue_.front();
    queue_.pop_front();
    request.is_queued_ = false;
    request.given_ = found;
    request.place_given();
  }
  queued_.store(static_cast<std::uint32_t>(queue_.size()), std::memory_order_relaxed);
}

}  // namespace ravelin::gateway
