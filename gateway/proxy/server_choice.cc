#include "gateway/proxy/server_choice.h"

#include <algorithm>
#include <memory>

namespace ravelin::gateway {
namespace {

// What the balancer may ask about each server's load.
struct PoolLoad {
  const Pool& pool;

  [[nodiscard]] bool has_room(std::size_t server) const {
    const Server& shared = *pool.servers()[server];
    const std::uint32_t limit = shared.in_flight_max();
    return limit == 0 || shared.in_flight() < limit;
  }

  [[nodiscard]] std::uint32_t in_flight(std::size_t server) const {
    return pool.servers()[server]->in_flight();
  }
};

// A place in the pool's queue. Another worker may give it a place: it then posts to this worker's
// reactor, and `signal` tells that late message whether anybody still waits.
class QueueWait : public CoroutineWaiter, public QueuedRequest {
 public:
  struct Signal {
    QueueWait* wait;
  };

  QueueWait(Reactor& reactor, base::MonoTime deadline)
      : reactor_(reactor), deadline_(deadline), signal_(std::make_shared<Signal>()) {
    signal_->wait = this;
  }

  ~QueueWait() override { signal_->wait = nullptr; }

  void place_given() override {
    reactor_.post([signal = signal_] {
      if (signal->wait != nullptr) signal->wait->fire_if_waiting();
    });
  }

  [[nodiscard]] bool await_ready() const { return false; }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    waiting_ = true;
    reactor_.timers().arm(*this, deadline_);
  }

  Wake await_resume() {
    waiting_ = false;
    return wake();
  }

 private:
  void fire_if_waiting() {
    if (waiting_) fire(Wake::ready);
  }

  Reactor& reactor_;
  base::MonoTime deadline_;
  std::shared_ptr<Signal> signal_;
  bool waiting_ = false;
};

}  // namespace

void ServerChoice::refresh_balancer() {
  const std::uint64_t version = pool_.pool->version();
  if (pool_.seen_version == version) return;
  pool_.seen_version = version;
  std::vector<ServerState> states;
  states.reserve(pool_.servers.size());
  for (std::size_t i = 0; i < pool_.servers.size(); ++i) {
    const Server& server = *pool_.pool->servers()[i];
    const bool is_backup = pool_.pool->config().servers[i].backup;
    states.push_back({.weight = server.weight(),
                      .usable = server.is_usable(),
                      .group = is_backup ? kBackupGroup : std::uint8_t{0}});
  }
  pool_.balancer.update(states);
}

Reason ServerChoice::take() {
  give_back();
  refresh_balancer();
  // A place can be lost to another worker between the choice and the entry: then choose again.
  for (std::size_t attempt = 0; attempt <= pool_.servers.size(); ++attempt) {
    const std::size_t found = pool_.balancer.pick(PoolLoad{*pool_.pool}, tried_);
    if (found == Balancer::kNone) break;
    if (!pool_.pool->servers()[found]->try_enter()) continue;
    index_ = found;
    return Reason::none;
  }
  return pool_.balancer.has_server() ? Reason::queue_timeout : Reason::no_healthy_server;
}

base::Task<Reason> ServerChoice::queue(base::MonoTime until) {
  const base::MonoTime deadline =
      std::min(until, worker_.reactor.now() + pool_.pool->config().queue.timeout);
  QueueWait wait(worker_.reactor, deadline);
  if (!pool_.pool->enqueue(wait)) co_return Reason::queue_full;
  pool_.metrics->queue_changed(worker_.cells, 1);
  co_await wait;
  pool_.metrics->queue_changed(worker_.cells, -1);
  index_ = pool_.pool->dequeue(wait);
  co_return index_ == Pool::kNone ? Reason::queue_timeout : Reason::none;
}

void ServerChoice::give_back() {
  if (index_ == Balancer::kNone) return;
  pool_.pool->leave(index_);
  index_ = Balancer::kNone;
}

}  // namespace ravelin::gateway
