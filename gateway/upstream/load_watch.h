// LoadWatch: reads what the workers saw of the servers of one pool, again and again, and sets the
// weights that follow from it, and puts outliers out. The control thread.
#pragma once

#include "gateway/balance/load_weights.h"
#include "gateway/balance/outliers.h"
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
  LoadWatch(Reactor& reactor, std::shared_ptr<Pool> pool, std::vector<WatchedServer*> servers);
  LoadWatch(const LoadWatch&) = delete;
  LoadWatch& operator=(const LoadWatch&) = delete;
  ~LoadWatch() = default;

  // Goes on from where the watch over an earlier generation of the pool stood: what was seen of
  // servers that are in both, the circuit, when the next look is due. What other settings mean
  // something else for begins anew. `before` and its servers must still be there, and is not used
  // any more.
  void take_over(LoadWatch& before);

  [[nodiscard]] const std::shared_ptr<Pool>& pool() const { return pool_; }

 private:
  void tick();
  std::vector<LoadSample> take_samples();
  void break_circuit(const std::vector<LoadSample>& samples);
  void adapt(const std::vector<LoadSample>& samples);

  Reactor& reactor_;
  std::shared_ptr<Pool> pool_;
  base::Duration interval_;
  std::vector<WatchedServer*> servers_;
  std::vector<SignalTotals> seen_;
  std::optional<LoadWeights> weights_;  // of adaptive pools
  std::optional<Outliers> outliers_;    // where ejection looks for them
  std::optional<CircuitBreaker> circuit_;
  base::MonoTime due_;
  Alarm alarm_;
};

}  // namespace ravelin::gateway
