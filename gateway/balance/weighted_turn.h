// WeightedTurn: smooth weighted round robin over the parts of a split: in every full turn (the sum
// of the weights) each part comes exactly as often as its weight says, spread evenly. One worker's
// for each split; pure; next() never allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ravelin::gateway {

class WeightedTurn {
 public:
  // At least one weight is not 0. `start`: how many picks it has behind it; different numbers keep
  // workers from giving their first requests to the same part.
  WeightedTurn(const std::vector<std::uint32_t>& weights, std::uint32_t start);

  std::size_t next();

 private:
  struct Part {
    std::int64_t weight;
    std::int64_t credit;
  };

  std::vector<Part> parts_;
  std::int64_t total_ = 0;
};

}  // namespace ravelin::gateway
