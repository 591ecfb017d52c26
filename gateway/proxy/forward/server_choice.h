// ServerChoice: a place on a server of the pool for one try of a request, waiting in the pool's
// queue if all are taken. Gives the place back when it goes. One worker's thread.
#pragma once

#include "gateway/http/exchange.h"
#include "gateway/proxy/forward/pick_hints.h"
#include "gateway/proxy/worker_context.h"

namespace ravelin::gateway {

class ServerChoice {
 public:
  ServerChoice(WorkerPool& pool, WorkerContext& worker) : pool_(pool), worker_(worker) {}

  ServerChoice(const ServerChoice&) = delete;
  ServerChoice& operator=(const ServerChoice&) = delete;

  ~ServerChoice() { give_back(); }

  // What the request says about the choice; for pools where it does (WorkerPool::reads_requests).
  void use_hints(const PickHints& hints) { hints_ = hints; }

  // Takes a place on a server not tried before, if there is one. Reason::none when one was found at
  // once. Reason::queue_timeout: all are full, wait with queue(). Else no server can take it.
  Reason take();
  // Waits for a place, at most the queue's timeout, and not beyond `until`. Reason::none when it
  // got one, Reason::client_closed when nobody waits for it any more.
  base::Task<Reason> queue(Exchange& exchange, base::MonoTime until);
  // Takes a place on another server for the same request, if one in turn has room now: neither that
  // of `first` nor one it tried.
  bool take_beside(const ServerChoice& first);
  // From now on the place of `other` is this one's; its own is given back.
  void take_over(ServerChoice& other);
  void give_back();

  // The request belongs to one server by its session's cookie.
  [[nodiscard]] bool is_bound() const { return hints_.cookie == PickHints::Cookie::good; }

  // The server taken, and its index in the pool.
  [[nodiscard]] UpstreamServer& server() const { return *pool_.servers[index_]; }

  [[nodiscard]] std::size_t index() const { return index_; }

  // The Set-Cookie that binds the session to the server taken; "" when none is to be sent. A view
  // of the pool.
  [[nodiscard]] std::string_view set_cookie() const;

  // The next take() prefers others.
  void mark_tried() { mark_tried(index_); }

  void mark_tried(std::size_t server) { tried_.add(server); }

 private:
  void refresh_balancer();
  bool take_next();
  bool take_bound();
  void count_binding();

  WorkerPool& pool_;
  WorkerContext& worker_;
  TriedSet tried_;
  PickHints hints_;
  bool binding_is_full_ = false;  // the session's server has no place now: it stays the session's
  bool binding_is_counted_ = false;
  std::size_t index_ = Balancer::kNone;
};

}  // namespace ravelin::gateway
