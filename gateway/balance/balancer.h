// Balancer: which server of a pool takes the next request. Each worker has its own for each pool
// and turns on its own: nothing is shared, nothing is locked. Pure: no clock, no sockets, no
// randomness; pick() never allocates.
#pragma once

#include "gateway/balance/tried.h"
#include "gateway/config/config.h"

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ravelin::gateway {

// What seldom changes about a server: configuration, operator, health checks, ejection.
struct ServerState {
  std::uint32_t weight = 0;  // 0 = never picked; above kWeightMax counts as kWeightMax
  bool usable = false;
  bool backup = false;

  friend bool operator==(const ServerState&, const ServerState&) = default;
};

// What changes with every request, read by pick() for a server (its index in update()):
//   bool has_room(std::size_t) const            false while at its connection limit
//   std::uint32_t in_flight(std::size_t) const  read by least_requests only
template <class Load>
concept ServerLoad = requires(const Load& load, std::size_t server) {
  { load.has_room(server) } -> std::same_as<bool>;
  { load.in_flight(server) } -> std::convertible_to<std::uint32_t>;
};

class Balancer {
 public:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  static constexpr std::uint32_t kWeightMax = 65'535;

  // The servers in turn: usable ones of weight > 0 that are no backups; when there are none, such
  // backups. A full server is in turn: backups do not relieve full servers, a queue does.
  enum class Tier : std::uint8_t { none, active, backup };

  // `start` decides where in its turn it begins; consecutive numbers begin as far apart as can be.
  // Give each worker its index, or after a reload index + workers * generation, lest the same
  // servers be first again.
  Balancer(Balance kind, std::uint32_t start) : kind_(kind), start_(start) {}

  // Takes over the states of all servers of the pool; call it when one changed, not per request
  // (it is O(servers)). Weights hold from the next pick on. What each server is owed within the
  // turn (less than a request) is kept, so that neither a change nor a return makes a burst.
  void update(std::span<const ServerState> servers);

  // The next server: one in turn, not tried before, with room. If all with room were tried, one of
  // those. kNone when none is in turn (see tier()) or all are full.
  //   round_robin     smooth weighted: 5,1,1 gives a a b a c a a, as nginx
  //   least_requests  least in_flight / weight; equal ones by smooth weighted round robin
  // Among 3 servers a pick costs 6 and 9 ns, among 1,000 it costs 1 and 5 µs
  // (bench/balancer_bench).
  template <ServerLoad Load>
  std::size_t pick(const Load& load, const TriedSet& tried = {});

  [[nodiscard]] Tier tier() const { return tier_; }

 private:
  // A server in turn. `credit` is what it is owed, in picks times the weight of all: every pick
  // adds each one's weight and takes the total from the one picked.
  struct Entry {
    std::int64_t credit;
    std::uint32_t server;
    std::uint32_t weight;
    std::uint32_t load;  // of least_requests, within one pick
  };

  template <class Accepts>
  std::size_t pick_in_turn(Accepts accepts);
  template <ServerLoad Load, class Accepts>
  std::size_t pick_least(const Load& load, Accepts accepts);
  template <ServerLoad Load, class Accepts>
  std::size_t pick_among(const Load& load, Accepts accepts);
  std::size_t pick_without_asking();
  void undo_pick(std::size_t server);

  void stagger();

  static constexpr std::uint32_t kNotAccepted = std::numeric_limits<std::uint32_t>::max();

  Balance kind_;
  std::uint32_t start_;
  Tier tier_ = Tier::none;
  std::array<bool, 3> has_started_{};  // by tier
  std::int64_t total_ = 0;             // weight of all entries
  std::vector<Entry> entries_;         // those in turn, by index
  std::vector<double> owed_;           // by server, in picks: its credit when update() last saw it
};

// ---- pick ----

// The rule of smooth weighted round robin among the servers that `accepts` takes; the others stand
// still.
template <class Accepts>
std::size_t Balancer::pick_in_turn(Accepts accepts) {
  Entry* best = nullptr;
  std::int64_t best_credit = std::numeric_limits<std::int64_t>::min();
  std::int64_t total = 0;
  for (Entry& entry : entries_) {
    if (!accepts(entry)) continue;
    const std::int64_t credit = entry.credit + entry.weight;
    entry.credit = credit;
    total += entry.weight;
    if (credit <= best_credit) continue;
    best = &entry;
    best_credit = credit;
  }
  if (best == nullptr) return kNone;
  best->credit = best_credit - total;
  return best->server;
}

template <ServerLoad Load, class Accepts>
std::size_t Balancer::pick_least(const Load& load, Accepts accepts) {
  const Entry* least = nullptr;
  const auto is_less = [](const Entry& a, const Entry& b) {
    return std::uint64_t{a.load} * b.weight < std::uint64_t{b.load} * a.weight;
  };
  for (Entry& entry : entries_) {
    entry.load = kNotAccepted;
    if (!accepts(entry)) continue;
    entry.load = load.in_flight(entry.server);
    if (least == nullptr || is_less(entry, *least)) least = &entry;
  }
  if (least == nullptr) return kNone;
  return pick_in_turn([least, is_less](const Entry& entry) {
    return entry.load != kNotAccepted && !is_less(*least, entry);
  });
}

template <ServerLoad Load, class Accepts>
std::size_t Balancer::pick_among(const Load& load, Accepts accepts) {
  return kind_ == Balance::least_requests ? pick_least(load, accepts) : pick_in_turn(accepts);
}

template <ServerLoad Load>
std::size_t Balancer::pick(const Load& load, const TriedSet& tried) {
  const auto has_room = [&load](const Entry& entry) { return load.has_room(entry.server); };
  if (!tried.empty()) {
    const std::size_t untried = pick_among(
        load, [&](const Entry& entry) { return !tried.contains(entry.server) && has_room(entry); });
    if (untried != kNone) return untried;
  } else if (kind_ == Balance::round_robin) {
    // Asking every server for room reads memory that other workers write; asking only the one
    // whose turn it is does the same work nearly always.
    const std::size_t next = pick_without_asking();
    if (next == kNone || load.has_room(next)) return next;
    undo_pick(next);
  }
  return pick_among(load, has_room);
}

}  // namespace ravelin::gateway
