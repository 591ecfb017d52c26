// Random variables that are the same on every machine: the standard library leaves the algorithms
// of its distributions open. Pure.
#pragma once

#include "gateway/balance/key_hash.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace ravelin::simulator {

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}

  // In (0, 1].
  double uniform() { return (static_cast<double>(bits_.next() >> 11) + 1) * 0x1p-53; }

  double exponential(double mean) { return -mean * std::log(uniform()); }

  double log_normal(double mean, double sigma) {
    const double normal =
        std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
    return mean * std::exp(sigma * normal - sigma * sigma / 2);
  }

 private:
  gateway::RandomBits bits_;
};

// Ranks 0 to count - 1, each with probability in proportion to 1 / (rank + 1)^skew.
class Zipf {
 public:
  Zipf(std::size_t count, double skew) {
    double sum = 0;
    for (std::size_t rank = 1; rank <= count; ++rank)
      sums_.push_back(sum += std::pow(static_cast<double>(rank), -skew));
  }

  std::size_t draw(Random& random) const {
    const double at = random.uniform() * sums_.back();
    const auto found = std::ranges::lower_bound(sums_, at);
    return static_cast<std::size_t>(std::min(found, sums_.end() - 1) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

}  // namespace ravelin::simulator
