// LoadWeights: weights that follow the load of a pool (`adaptive`). Fed with what was seen of each
// server in one interval, says which part of its weight each should have: a server that answers
// half as fast as the fastest gets half. Pure: no clock, no I/O; one object for each pool, on the
// control thread or in a simulation.
//
// The rule is a damped feedback in the logarithm of the weight. Latency depends on the weight it is
// given, the more steeply the nearer a server is to its limit; so each server has its own gain,
// halved when the correction changes its sign (it is overshooting) and regained slowly, or at once
// where the weight is far off.
#pragma once

#include "base/clock.h"
#include "gateway/balance/load_sample.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ravelin::gateway {

struct LoadRules {
  base::Duration interval = std::chrono::seconds(1);  // between two samples
  double factor_min = 0.1;
};

class LoadWeights {
 public:
  LoadWeights(const LoadRules& rules, std::size_t servers);

  // A factor known from before (a reload): between factor_min and 1.
  void start_from(std::size_t server, double factor);

  // All that was known of a server of a pool with the same rules.
  void start_from(std::size_t server, const LoadWeights& before, std::size_t its_index) {
    servers_[server] = before.servers_[its_index];
  }

  // One interval; as many samples as servers.
  void observe(std::span<const LoadSample> samples);

  // The part of its weight the server should have, factor_min to 1; 1 for the fastest.
  [[nodiscard]] double factor(std::size_t server) const;

  // Smoothed, with errors counted as slowness; seconds; 0 = nothing seen yet, or not for long.
  [[nodiscard]] double cost_s(std::size_t server) const { return servers_[server].cost_s; }

 private:
  struct State {
    double log_factor = 0;
    double gain = 0;
    double last_error = 0;  // of the correction before, for its sign
    double latency_s = 0;   // smoothed
    double error_share = 0;
    double cost_s = 0;
    std::uint64_t passed_over = 0;  // answers of the pool since its own last one
  };

  [[nodiscard]] double longest_wait_s(const LoadSample& sample) const;
  void smooth(State& state, const LoadSample& sample) const;
  void age(State& state, const LoadSample& sample, std::uint64_t answered) const;
  void correct(State& state, double target);

  LoadRules rules_;
  double gain_max_;
  std::vector<State> servers_;
};

}  // namespace ravelin::gateway
