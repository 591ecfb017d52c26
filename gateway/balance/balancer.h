// Balancer: which server of a pool takes the next request. Each worker has its own for each pool
// and turns on its own: nothing is shared but the immutable ring of a hash, nothing is locked.
// Pure: no clock, no sockets, no randomness but a seeded generator; pick() never allocates. One
// file for each algorithm; what they have in common, who is in turn with what share, is TurnPlan.
#pragma once

#include "gateway/balance/bounded_hash.h"
#include "gateway/balance/power_of_two.h"
#include "gateway/balance/tried.h"
#include "gateway/balance/turn.h"
#include "gateway/config/config.h"

#include <cstdint>
#include <memory>
#include <span>

namespace ravelin::gateway {

class Balancer {
 public:
  static constexpr std::size_t kNone = kNoServer;
  static constexpr std::uint32_t kWeightMax = kBalanceWeightMax;

  struct Options {
    TurnRules rules;
    // For Balance::hash: the ring of the pool's server names, in the order of update(), and the
    // bound (see BoundedHash).
    std::shared_ptr<const HashRing> ring;
    std::uint32_t load_max_percent = 125;
  };

  // `start` decides where in its turn it begins; consecutive numbers begin as far apart as can be.
  // Give each worker its index, or after a reload index + workers * generation, lest the same
  // servers be first again. It also seeds power_of_two. It has no part in hash.
  Balancer(Balance kind, std::uint32_t start) : Balancer(kind, start, Options()) {}

  Balancer(Balance kind, std::uint32_t start, const Options& options)
      : kind_(kind),
        rules_(options.rules),
        turn_(start),
        two_(start),
        hash_(options.ring, options.load_max_percent) {}

  // Takes over the states of all servers of the pool; call it when one changed, not per request
  // (it is O(servers)). Weights hold from the next pick on.
  void update(std::span<const ServerState> servers);

  // The next server: one in turn, not tried before, with room. If all with room were tried, one of
  // those. kNone when none is in turn (see has_server()) or all are full.
  //   round_robin     smooth weighted: 5,1,1 gives a a b a c a a, as nginx
  //   least_requests  least in_flight / weight; equal ones by smooth weighted round robin
  //   power_of_two    the lesser in_flight / weight of two drawn by weight
  //   hash            the server of `key`, or the next one for it (see BoundedHash)
  // What a pick and an update cost is in docs/balancing.md (bench/balancer_bench).
  template <ServerLoad Load>
  std::size_t pick(const Load& load, const TriedSet& tried = {}, std::uint64_t key = 0);

  // Whether any server is in turn: backups and further groups do not relieve full servers, a queue
  // does.
  [[nodiscard]] bool has_server() const { return plan_.group != TurnPlan::kNoGroup; }

  // Whether the bound of a hash took the last pick to another than the key's own server.
  [[nodiscard]] bool overflowed() const { return hash_.overflowed(); }

  [[nodiscard]] const TurnPlan& plan() const { return plan_; }

 private:
  template <ServerLoad Load, class Accepts>
  std::size_t pick_among(const Load& load, std::uint64_t key, Accepts accepts);

  Balance kind_;
  TurnRules rules_;
  TurnPlan plan_;
  // The one of kind_ is in use.
  Turn turn_;
  PowerOfTwo two_;
  BoundedHash hash_;
};

template <ServerLoad Load, class Accepts>
std::size_t Balancer::pick_among(const Load& load, std::uint64_t key, Accepts accepts) {
  switch (kind_) {
    case Balance::round_robin:
      return turn_.pick(accepts);
    case Balance::least_requests:
      return turn_.pick_least(load, accepts);
    case Balance::power_of_two:
      return two_.pick(load, accepts);
    case Balance::hash:
      return hash_.pick(key, load, accepts);
  }
  return kNone;
}

template <ServerLoad Load>
std::size_t Balancer::pick(const Load& load, const TriedSet& tried, std::uint64_t key) {
  const auto has_room = [&load](std::size_t server) { return load.has_room(server); };
  if (!tried.empty()) {
    const std::size_t untried = pick_among(
        load, key, [&](std::size_t server) { return !tried.contains(server) && has_room(server); });
    if (untried != kNone) return untried;
  } else if (kind_ == Balance::round_robin) {
    // Asking every server for room reads memory that other workers write; asking only the one
    // whose turn it is does the same work nearly always.
    const std::size_t next = turn_.pick_any();
    if (next == kNone || load.has_room(next)) return next;
    turn_.undo_pick(next);
  }
  return pick_among(load, key, has_room);
}

}  // namespace ravelin::gateway
