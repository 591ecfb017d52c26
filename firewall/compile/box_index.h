// Which boxes can be near another one: kept by where they lie in one dimension, so that a new box
// is not held against all of them. Pure; any thread.
#pragma once

#include "firewall/compile/boxes.h"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace ravelin::firewall {

class BoxIndex {
 public:
  enum class By : std::uint8_t { ports, from, to };

  explicit BoxIndex(By by) : by_(by) {}

  void add(std::size_t id, const KeyBox& box);

  // Every box that overlaps this one is among them, in the order added.
  [[nodiscard]] std::vector<std::size_t> near(const KeyBox& box) const;

 private:
  By by_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> slots_;
  std::vector<std::size_t> wide_;  // lie in too many slots
  std::vector<std::size_t> all_;
};

// By the dimension in which the stratum's clauses differ most.
BoxIndex index_for(const Stratum& stratum);

}  // namespace ravelin::firewall
