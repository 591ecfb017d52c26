// Pool: a configured pool as the whole gateway sees it: its servers, and the queue of requests that
// wait for one of their places. The queue is touched only while every place is taken. Any thread.
#pragma once

#include "gateway/balance/circuit_breaker.h"
#include "gateway/upstream/server.h"

#include <list>
#include <memory>
#include <mutex>
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

  Pool(PoolConfig config, std::vector<std::shared_ptr<Server>> servers)
      : config_(std::move(config)), servers_(std::move(servers)) {}

  [[nodiscard]] const PoolConfig& config() const { return config_; }

  [[nodiscard]] const std::vector<std::shared_ptr<Server>>& servers() const { return servers_; }

  // Joins the queue; false when it is full.
  bool enqueue(QueuedRequest& request);
  // Leaves the queue; the server whose place was given meanwhile, or kNone. The caller then owns
  // that place.
  std::size_t dequeue(QueuedRequest& request);
  // Gives a place back: to the longest waiting request, else to the server.
  void leave(std::size_t server);
  // Something became usable: lets waiting requests try.
  void offer_places();

  // Whether its requests are let through; set on the control thread.
  [[nodiscard]] Circuit circuit() const { return circuit_.load(std::memory_order_relaxed); }

  void set_circuit(Circuit circuit) { circuit_.store(circuit, std::memory_order_relaxed); }

  // Changes whenever a server's usability or weight did.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  void servers_changed() {
    version_.fetch_add(1, std::memory_order_release);
    if (queued() != 0) offer_places();
  }

  [[nodiscard]] std::uint32_t queued() const { return queued_.load(std::memory_order_relaxed); }

 private:
  std::size_t take_any_place();

  PoolConfig config_;
  std::vector<std::shared_ptr<Server>> servers_;
  alignas(64) std::atomic<std::uint64_t> version_{1};
  std::atomic<std::uint32_t> queued_{0};
  std::atomic<Circuit> circuit_{Circuit::closed};
  std::mutex mutex_;
  std::list<QueuedRequest*> queue_;
};

}  // namespace ravelin::gateway
