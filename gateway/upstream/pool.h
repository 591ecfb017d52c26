// Pool: a configured pool as the whole gateway sees it: its servers, and the queue of requests that
// wait for one of their places. The queue is touched only while every place is taken. Any thread.
#pragma once

#include "gateway/balance/circuit_breaker.h"
#include "gateway/balance/hash_ring.h"
#include "gateway/balance/turn_plan.h"
#include "gateway/upstream/server.h"
#include "gateway/upstream/sticky_cookies.h"

#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// A request that waits for a place. Lives in the waiting coroutine's frame; its worker is the one
// that waits.
class QueuedRequest {
 public:
  QueuedRequest() = default;
  QueuedRequest(const QueuedRequest&) = delete;
  QueuedRequest& operator=(const QueuedRequest&) = delete;
  virtual ~QueuedRequest() = default;

  virtual void place_given() = 0;  // called on any thread, with the queue locked: must only post

 private:
  friend class Pool;
  std::size_t given_ = kNone;
  bool is_queued_ = false;
  std::list<QueuedRequest*>::iterator place_;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
};

class Pool {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // `zone` is the gateway's. `sticky`: null where sessions are not bound.
  Pool(PoolConfig config, std::vector<std::shared_ptr<Server>> servers, std::string_view zone = "",
       std::unique_ptr<const StickyCookies> sticky = nullptr);

  [[nodiscard]] const PoolConfig& config() const { return config_; }

  [[nodiscard]] const std::vector<std::shared_ptr<Server>>& servers() const { return servers_; }

  // ---- what balancers are told ----
  // The states of all servers now.
  void read_states(std::vector<ServerState>& states) const;

  [[nodiscard]] TurnRules rules() const {
    return {config_.panic_percent, config_.priority_spill_percent, config_.zone_spill_percent};
  }

  // Of the servers' names; null unless the pool hashes.
  [[nodiscard]] const std::shared_ptr<const HashRing>& ring() const { return ring_; }

  // Null unless the pool binds sessions.
  [[nodiscard]] const StickyCookies* sticky() const { return sticky_.get(); }

  // Joins the queue; false when it is full.
  bool enqueue(QueuedRequest& request);
  // Leaves the queue; the server whose place was given meanwhile, or kNone. The caller then owns
  // that place.
  std::size_t dequeue(QueuedRequest& request);
  // Gives a place back: to the longest waiting request, else to the server.
  void leave(std::size_t server);
  // Something became usable: lets waiting requests try.
  void offer_places();

  // `now` takes the place of `before`, with servers they may share: a place given back in either is
  // offered to those who wait in the older one first, and then to the others. Who waits in one
  // would wait in vain otherwise for what the other's requests hold. The control thread, before
  // anybody uses `now`.
  static void succeed(const std::shared_ptr<Pool>& now, const std::shared_ptr<Pool>& before);

  // Whether its requests are let through; set on the control thread.
  [[nodiscard]] Circuit circuit() const { return circuit_.load(std::memory_order_relaxed); }

  void set_circuit(Circuit circuit) { circuit_.store(circuit, std::memory_order_relaxed); }

  // Changes whenever a server's usability or weight did.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // The control thread, after a server was published.
  void servers_changed();

  // So few servers are healthy that all are used: see `panic_percent`.
  [[nodiscard]] bool panics() const { return panics_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::uint32_t queued() const { return queued_.load(std::memory_order_relaxed); }

 private:
  // The pool in all generations that somebody uses.
  struct Generations {
    std::atomic<std::uint32_t> queued{0};    // of all of them
    std::mutex mutex;                        // guards what is below
    std::vector<std::weak_ptr<Pool>> pools;  // the oldest first; empty while there is one alone

    std::vector<std::shared_ptr<Pool>> alive();
  };

  void set_queued();  // with the lock held
  void offer_generations();
  std::size_t take_any_place();
  const TurnPlan& current_plan();  // with the lock held
  void note_panic();

  PoolConfig config_;
  std::vector<std::shared_ptr<Server>> servers_;
  std::vector<ServerState> places_;  // by server: its group and zone; the rest is read when asked
  std::shared_ptr<const HashRing> ring_;
  std::unique_ptr<const StickyCookies> sticky_;
  alignas(64) std::atomic<std::uint64_t> version_{1};
  std::atomic<std::uint32_t> queued_{0};
  std::atomic<Circuit> circuit_{Circuit::closed};
  std::atomic<bool> panics_{false};
  std::shared_ptr<Generations> generations_ = std::make_shared<Generations>();
  std::mutex mutex_;  // guards what is below
  std::list<QueuedRequest*> queue_;
  std::vector<ServerState> states_;
  TurnPlan plan_;
  std::uint64_t planned_version_ = 0;
};

}  // namespace ravelin::gateway
