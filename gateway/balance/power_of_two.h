// PowerOfTwo: of two servers drawn at random by their shares, the one with fewer requests in flight
// for its share (Mitzenmacher: The power of two choices in randomized load balancing). O(1) for a
// pick, whatever the number of servers. Pure: its randomness is a generator of its own, seeded; one
// thread; pick never allocates.
#pragma once

#include "gateway/balance/key_hash.h"
#include "gateway/balance/turn_plan.h"

#include <cstdint>
#include <vector>

namespace ravelin::gateway {

class PowerOfTwo {
 public:
  explicit PowerOfTwo(std::uint64_t seed) : random_(seed) {}

  // O(servers): the alias table (Vose: A linear algorithm for generating random numbers with a
  // given distribution).
  void update(const TurnPlan& plan);

  // Of those that accepts(index) takes; kNoServer when it takes none. Draws a few times until two
  // different ones are accepted; where that fails (most are full, or were tried), the least loaded
  // of all accepted.
  template <ServerLoad Load, class Accepts>
  std::size_t pick(const Load& load, Accepts accepts);

  // One server by its share; call only when some are in turn.
  std::size_t draw() {
    const std::uint64_t bits = random_.next();
    const Column& column = columns_[(bits >> 32) * columns_.size() >> 32];
    return static_cast<std::uint32_t>(bits) < column.own ? column.server : column.alias;
  }

 private:
  // One of as many equally likely columns as servers are in turn: `own` / 2^32 of it is its own.
  struct Column {
    std::uint64_t own;
    std::uint32_t server;
    std::uint32_t alias;
  };

  template <ServerLoad Load, class Accepts>
  std::size_t pick_least(const Load& load, Accepts accepts) const;

  template <ServerLoad Load>
  [[nodiscard]] bool is_less(const Load& load, std::size_t a, std::size_t b) const {
    return std::uint64_t{load.in_flight(a)} * shares_[b] <
           std::uint64_t{load.in_flight(b)} * shares_[a];
  }

  static constexpr int kDrawsMax = 8;

  RandomBits random_;
  std::vector<Column> columns_;
  std::vector<std::uint32_t> shares_;  // by server
};

template <ServerLoad Load, class Accepts>
std::size_t PowerOfTwo::pick(const Load& load, Accepts accepts) {
  if (columns_.empty()) return kNoServer;
  std::size_t first = kNoServer;
  for (int draws = 0; draws < kDrawsMax; ++draws) {
    const std::size_t drawn = draw();
    if (drawn == first || !accepts(drawn)) continue;
    if (first != kNoServer) return is_less(load, drawn, first) ? drawn : first;
    first = drawn;
    if (columns_.size() == 1) break;
  }
  return first != kNoServer ? first : pick_least(load, accepts);
}

template <ServerLoad Load, class Accepts>
std::size_t PowerOfTwo::pick_least(const Load& load, Accepts accepts) const {
  std::size_t least = kNoServer;
  for (const Column& column : columns_) {
    if (!accepts(column.server)) continue;
    if (least == kNoServer || is_less(load, column.server, least)) least = column.server;
  }
  return least;
}

}  // namespace ravelin::gateway
