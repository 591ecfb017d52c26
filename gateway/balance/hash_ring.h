// HashRing: where the servers of a pool stand on the ring of consistent hashing (Karger et al.),
// each at as many places as make shares even. Made once for a set of names and then shared by all
// workers: neither weights nor states change it. Immutable; any thread.
//
// A key at place k belongs to the server with a point at k + d for which d / share is least, d >= 0
// around the ring (the linear method of Schindelhauer and Schomaker, Weighted distributed hash
// tables). The points of a server are as good as random, so it wins keys in proportion to its
// share. Who leaves moves its own keys alone; a share that grows or shrinks moves keys only to or
// from that server, as few as the change needs; and no table is made anew for either.
#pragma once

#include "gateway/balance/server_state.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

class HashRing {
 public:
  struct Point {
    std::uint32_t place;
    std::uint32_t server;  // index of its name
  };

  // The names decide, not their order. O(servers log servers): 1,000 take some 30 ms and 2.5 MB.
  explicit HashRing(std::span<const std::string_view> names);

  [[nodiscard]] std::size_t server_count() const { return server_count_; }

  [[nodiscard]] std::span<const Point> points() const { return points_; }

  // Index of the first point at or after `place`; points().size() when there is none.
  [[nodiscard]] std::size_t first_at(std::uint32_t place) const {
    std::size_t index = starts_[place >> shift_];
    while (index < points_.size() && points_[index].place < place)
      ++index;
    return index;
  }

  // The more servers, the less it matters how even each one's share is; the number changes at 17
  // and 129 servers alone, because a change moves most keys.
  static std::size_t points_per_server(std::size_t servers) {
    return servers <= 16 ? 4'096 : servers <= 128 ? 1'024 : 256;
  }

 private:
  std::size_t server_count_;
  std::vector<Point> points_;          // by place
  std::vector<std::uint32_t> starts_;  // by the upper bits of a place: the first point from there
  unsigned shift_ = 0;
};

}  // namespace ravelin::gateway
