#include "gateway/proxy/forward/server_choice.h"

#include <algorithm>
#include <memory>
#include <utility>

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

  // Wakes, too, when the client of `exchange` may have gone.
  QueueWait(Reactor& reactor, Exchange& exchange, base::MonoTime deadline)
      : reactor_(reactor),
        exchange_(exchange),
        deadline_(deadline),
        signal_(std::make_shared<Signal>()) {
    signal_->wait = this;
  }

  ~QueueWait() override { signal_->wait = nullptr; }

  void place_given() override {
    reactor_.post([signal = signal_] {
      if (signal->wait != nullptr) signal->wait->note_given();
    });
  }

  [[nodiscard]] bool await_ready() const { return is_given_; }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    waiting_ = true;
    reactor_.timers().arm(*this, deadline_);
    exchange_.watch_client(*this);
  }

  // Whether there is nothing more to wait for.
  bool await_resume() {
    waiting_ = false;
    return is_given_ || wake() != Wake::ready;
  }

 private:
  void note_given() {
    is_given_ = true;
    if (waiting_) fire(Wake::ready);
  }

  Reactor& reactor_;
  Exchange& exchange_;
  base::MonoTime deadline_;
  std::shared_ptr<Signal> signal_;
  bool waiting_ = false;
  bool is_given_ = false;
};

}  // namespace

void ServerChoice::refresh_balancer() {
  const std::uint64_t version = pool_.pool->version();
  if (pool_.seen_version == version) return;
  pool_.seen_version = version;
  std::vector<ServerState> states;
  pool_.pool->read_states(states);
  pool_.balancer.update(states);
}

Reason ServerChoice::take() {
  give_back();
  refresh_balancer();
  if (pool_.pool->sticky() != nullptr && take_bound()) return Reason::none;
  if (take_next()) return Reason::none;
  if (pool_.balancer.has_server()) return Reason::queue_timeout;
  return pool_.servers.empty() ? Reason::no_server : Reason::no_healthy_server;
}

bool ServerChoice::take_next() {
  // A place can be lost to another worker between the choice and the entry: then choose again.
  for (std::size_t attempt = 0; attempt <= pool_.servers.size(); ++attempt) {
    const std::size_t found = pool_.balancer.pick(PoolLoad{*pool_.pool}, tried_, hints_.key);
    if (found == Balancer::kNone) break;
    if (!pool_.pool->servers()[found]->try_enter()) continue;
    index_ = found;
    if (pool_.balancer.overflowed()) pool_.metrics->overflowed(worker_.cells);
    count_binding();
    return true;
  }
  return false;
}

bool ServerChoice::take_beside(const ServerChoice& first) {
  give_back();
  refresh_balancer();
  hints_ = first.hints_;
  tried_ = first.tried_;
  tried_.add(first.index_);
  binding_is_counted_ = true;
  if (!take_next()) return false;
  // Without another the balancer gives one that was tried.
  if (index_ != first.index_ && !tried_.contains(index_)) return true;
  give_back();
  return false;
}

void ServerChoice::take_over(ServerChoice& other) {
  give_back();
  index_ = std::exchange(other.index_, Balancer::kNone);
}

// A place on the server the session is bound to, be that drained or without weight.
bool ServerChoice::take_bound() {
  binding_is_full_ = false;
  if (hints_.cookie != PickHints::Cookie::good || tried_.contains(hints_.server)) return false;
  Server& server = *pool_.pool->servers()[hints_.server];
  const bool is_in_turn = pool_.balancer.plan().shares[hints_.server] != 0;  // in a panic
  if (!server.takes_sessions() && !is_in_turn) return false;
  binding_is_full_ = !server.try_enter();
  if (binding_is_full_) return false;
  index_ = hints_.server;
  count_binding();
  return true;
}

// Once for a request: by its first choice.
void ServerChoice::count_binding() {
  if (pool_.pool->sticky() == nullptr || binding_is_counted_) return;
  binding_is_counted_ = true;
  StickyResult result = StickyResult::fresh;
  if (hints_.cookie == PickHints::Cookie::bad) {
    result = StickyResult::refused;
  } else if (hints_.cookie == PickHints::Cookie::good) {
    const bool is_followed = index_ == hints_.server;
    const StickyResult other = binding_is_full_ ? StickyResult::full : StickyResult::moved;
    result = is_followed ? StickyResult::followed : other;
  }
  pool_.metrics->bound(worker_.cells, result);
}

std::string_view ServerChoice::set_cookie() const {
  const StickyCookies* sticky = pool_.pool->sticky();
  if (sticky == nullptr || binding_is_full_) return {};
  const bool is_bound = hints_.cookie == PickHints::Cookie::good && hints_.server == index_;
  return is_bound ? std::string_view() : sticky->set_cookie(index_);
}

base::Task<Reason> ServerChoice::queue(Exchange& exchange, base::MonoTime until) {
  const base::MonoTime deadline =
      std::min(until, worker_.reactor.now() + pool_.pool->config().queue.timeout);
  QueueWait wait(worker_.reactor, exchange, deadline);
  if (!pool_.pool->enqueue(wait)) co_return Reason::queue_full;
  pool_.metrics->queue_changed(worker_.cells, 1);
  bool is_over = false;
  bool is_left = exchange.client_has_gone();
  while (!is_over && !is_left) {
    is_over = co_await wait;
    is_left = exchange.client_has_gone();
  }
  pool_.metrics->queue_changed(worker_.cells, -1);
  index_ = pool_.pool->dequeue(wait);
  if (is_left) {
    give_back();
    co_return Reason::client_closed;
  }
  if (index_ != Pool::kNone) count_binding();
  co_return index_ == Pool::kNone ? Reason::queue_timeout : Reason::none;
}

void ServerChoice::give_back() {
  if (index_ == Balancer::kNone) return;
  pool_.pool->leave(index_);
  index_ = Balancer::kNone;
}

}  // namespace ravelin::gateway
