// CircuitBreaker: turns a pool's requests away at once while most of them fail anyway, and tries
// with a few before it lets all pass again. Pure; one object for each pool, fed once an interval.
//
//   closed ── too many errors in the window ──▶ open ── open_for ──▶ probing
//      ▲                                          ▲                     │
//      └────────── enough probes, few errors ─────┼─────────────────────┤
//                                                 └── errors go on ─────┘
#pragma once

#include "base/clock.h"
#include "gateway/balance/load_sample.h"
#include "gateway/config/config.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

enum class Circuit : std::uint8_t { closed, open, probing };
std::string_view to_string(Circuit circuit);

class CircuitBreaker {
 public:
  // `interval`: between two samples.
  CircuitBreaker(const CircuitConfig& config, base::Duration interval);

  // What all servers of the pool together did in the interval that ends `now`.
  Circuit observe(const LoadSample& sample, base::MonoTime now);

  [[nodiscard]] Circuit state() const { return state_; }

 private:
  struct Counts {
    std::uint64_t attempts = 0;
    std::uint64_t errors = 0;
  };

  void add(const LoadSample& sample);
  [[nodiscard]] Counts in_window() const;
  [[nodiscard]] bool fails(const Counts& counts) const;
  void open(base::MonoTime now);

  CircuitConfig config_;
  std::vector<Counts> window_;  // a ring
  std::size_t next_ = 0;
  Counts probes_;  // since the circuit was last opened
  Circuit state_ = Circuit::closed;
  base::MonoTime probe_at_;
};

}  // namespace ravelin::gateway
