// ServerChoice: a place on a server of the pool for one try of a request, waiting in the pool's
// queue if all are taken. Gives the place back when it goes. One worker's thread.
#pragma once

#include "gateway/proxy/worker_context.h"

namespace ravelin::gateway {

class ServerChoice {
 public:
  ServerChoice(WorkerPool& pool, WorkerContext& worker) : pool_(pool), worker_(worker) {}

  ServerChoice(const ServerChoice&) = delete;
  ServerChoice& operator=(const ServerChoice&) = delete;

  ~ServerChoice() { give_back(); }

  // Takes a place on a server not tried before, if there is one. Reason::none when one was found at
  // once. Reason::queue_timeout: all are full, wait with queue(). Else no server can take it.
  Reason take();
  // Waits for a place, at most the queue's timeout, and not beyond `until`. Reason::none when it
  // got one.
  base::Task<Reason> queue(base::MonoTime until);
  void give_back();

  // The server taken, and its index in the pool.
  [[nodiscard]] UpstreamServer& server() const { return *pool_.servers[index_]; }

  [[nodiscard]] std::size_t index() const { return index_; }

  // The next take() prefers others.
  void mark_tried() { tried_.add(index_); }

 private:
  void refresh_balancer();

  WorkerPool& pool_;
  WorkerContext& worker_;
  TriedSet tried_;
  std::size_t index_ = Balancer::kNone;
};

}  // namespace ravelin::gateway
