// Outliers: which server of a pool fares so much worse than the others that it is to be taken out:
// by its share of errors, or by its latency. What all servers suffer from makes none an outlier.
// Pure: no clock, no I/O; one object for each pool, fed once an interval.
#pragma once

#include "gateway/balance/load_sample.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ravelin::gateway {

struct OutlierRules {
  double interval_s = 1;            // between two samples
  std::size_t window = 10;          // intervals that are judged together
  std::uint64_t requests_min = 30;  // of a server within the window, or it is not judged
  double error_excess = 0;          // share of errors above the others', 0 to 1; 0 = not judged
  double latency_factor = 0;        // times the median of the others; 0 = not judged
  double latency_excess_s = 0.005;  // and at least so much slower
};

struct Outlier {
  std::size_t server = 0;
  std::string why;  // for people: "5.2 % errors in 812 requests, the others 0.1 %"
};

class Outliers {
 public:
  Outliers(const OutlierRules& rules, std::size_t servers) : rules_(rules), servers_(servers) {}

  // All that was known of a server of a pool with the same rules.
  void start_from(std::size_t server, const Outliers& before, std::size_t its_index) {
    servers_[server] = before.servers_[its_index];
  }

  // One interval, as many samples as servers. The worst outlier, if there is any: one at a time,
  // since the others are then to be judged without it. Its window begins anew.
  //
  // Errors: the share of one server against that of all others together must differ by
  // error_excess, rest on 5 errors or more, and be no chance: a two-proportion z-test at 5 standard
  // deviations, since it is made every interval for every server.
  std::optional<Outlier> observe(std::span<const LoadSample> samples);

 private:
  struct Sums {
    std::uint64_t attempts = 0;
    std::uint64_t errors = 0;
    std::uint64_t timed = 0;  // answers and stuck requests
    double latency_s = 0;     // of all timed together
  };

  struct State {
    std::vector<Sums> window;  // at most rules_.window, the oldest replaced
    std::size_t next = 0;
    Sums sums;
    bool in_turn = false;
  };

  void take(State& state, const LoadSample& sample) const;
  [[nodiscard]] std::optional<Outlier> worst_by_errors() const;
  [[nodiscard]] std::optional<Outlier> worst_by_latency() const;
  [[nodiscard]] std::optional<double> median_latency_without(std::size_t server) const;

  OutlierRules rules_;
  std::vector<State> servers_;
};

}  // namespace ravelin::gateway
