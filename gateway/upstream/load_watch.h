// LoadWatch: reads what the workers saw of the servers of one pool, again and again, and sets the
// weights that follow from it. The control thread.
#pragma once

#include "gateway/balance/load_weights.h"
#include "gateway/upstream/health_alarm.h"
#include "gateway/upstream/health_server.h"

#include <optional>
#include <vector>

namespace ravelin::gateway {

class LoadWatch {
 public:
  // Whether the pool has anything to watch.
  static bool is_wanted(const PoolConfig& config);

  // The servers of the pool, which outlive this.
  LoadWatch(Reactor& reactor, const PoolConfig& config, std::vector<WatchedServer*> servers);
  LoadWatch(const LoadWatch&) = delete;
  LoadWatch& operator=(const LoadWatch&) = delete;
  ~LoadWatch() = default;

 private:
  void tick();
  void adapt();

  Reactor& reactor_;
  base::Duration interval_;
  std::vector<WatchedServer*> servers_;
  std::vector<SignalTotals> seen_;
  std::optional<LoadWeights> weights_;  // null: only reports are read
  Alarm alarm_;
};

}  // namespace ravelin::gateway
