// BoundedHash: consistent hashing with bounded load (Mirrokni, Thorup, Zadimoghaddam): a key's own
// server, or while that has more than its share of the pool's requests in flight allows, the next
// one for the key. Pure; one thread; pick never allocates.
#pragma once

#include "gateway/balance/hash_ring.h"
#include "gateway/balance/turn_plan.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace ravelin::gateway {

class BoundedHash {
 public:
  // A server gets no request that would give it more than `load_max_percent` of its share of all
  // in flight, rounded up; 0 = no bound. `ring` has the servers of the plans; null = never picks.
  BoundedHash(std::shared_ptr<const HashRing> ring, std::uint32_t load_max_percent)
      : ring_(std::move(ring)), load_max_(load_max_percent / 100.0) {}

  // O(servers).
  void update(const TurnPlan& plan);

  // The key's first server among those that accepts(index) takes and that are within the bound; if
  // none is within it, the first one accepted. kNoServer when none is. Its own server, or one that
  // is idle, is found without a look at the others' loads.
  template <ServerLoad Load, class Accepts>
  std::size_t pick(std::uint64_t key, const Load& load, Accepts accepts);

  // Whether the last pick passed over the key's first accepted server for the bound.
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  template <class Accepts>
  std::size_t walk(std::uint32_t place, Accepts accepts) const;

  // Whether one more request keeps the server within the bound.
  template <ServerLoad Load>
  [[nodiscard]] bool is_within_bound(const Load& load, std::size_t server) const;

  static constexpr double kNever = std::numeric_limits<double>::infinity();

  std::shared_ptr<const HashRing> ring_;
  double load_max_;
  double total_ = 0;               // of all shares
  double per_share_least_ = 0;     // 1 / the largest share
  std::vector<double> per_share_;  // by server: 1 / share; kNever = not in turn
  std::vector<std::uint32_t> in_turn_;
  bool overflowed_ = false;
};

template <ServerLoad Load, class Accepts>
std::size_t BoundedHash::pick(std::uint64_t key, const Load& load, Accepts accepts) {
  overflowed_ = false;
  if (ring_ == nullptr || in_turn_.empty()) return kNoServer;
  const auto place = static_cast<std::uint32_t>(key >> 32);
  if (load_max_ == 0) return walk(place, accepts);
  bool is_any_over = false;
  const std::size_t found = walk(place, [&](std::size_t server) {
    if (!accepts(server)) return false;
    const bool is_within = is_within_bound(load, server);
    is_any_over = is_any_over || !is_within;
    return is_within;
  });
  if (!is_any_over) return found;
  const std::size_t own = walk(place, accepts);
  overflowed_ = found != kNoServer && found != own;
  return overflowed_ ? found : own;
}

template <class Accepts>
std::size_t BoundedHash::walk(std::uint32_t place, Accepts accepts) const {
  const std::span<const HashRing::Point> points = ring_->points();
  const std::size_t looked_for_long = 4 * per_share_.size() + 64;
  std::size_t index = ring_->first_at(place);
  std::size_t found = kNoServer;
  double least = kNever;
  for (std::size_t step = 0; step < points.size(); ++step, ++index) {
    if (index == points.size()) index = 0;
    const HashRing::Point& point = points[index];
    const double distance = 1.0 + (point.place - place);  // modulo 2^32: around the ring
    if (distance * per_share_least_ >= least) break;      // nothing further on can win
    const double score = distance * per_share_[point.server];
    if (score < least && accepts(point.server)) {
      least = score;
      found = point.server;
    }
    // A whole ring is long: make sure that there is somebody to be found.
    if (step == looked_for_long && found == kNoServer && std::ranges::none_of(in_turn_, accepts))
      break;
  }
  return found;
}

template <ServerLoad Load>
bool BoundedHash::is_within_bound(const Load& load, std::size_t server) const {
  const std::uint32_t own = load.in_flight(server);
  if (own == 0) return true;
  // own + 1 <= ceil(load_max * share / total * (in_flight_of_all + 1))
  const double needed = own * total_ * per_share_[server] / load_max_;
  double in_flight = 1;
  for (const std::uint32_t each : in_turn_) {
    in_flight += load.in_flight(each);
    if (in_flight > needed) return true;
  }
  return false;
}

}  // namespace ravelin::gateway
