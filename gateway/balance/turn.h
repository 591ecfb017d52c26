// Turn: smooth weighted round robin, and least requests with its ties broken by it. Pure; one
// thread; pick never allocates.
#pragma once

#include "gateway/balance/turn_plan.h"

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ravelin::gateway {

class Turn {
 public:
  // A server in turn. `credit` is what it is owed, in picks times the share of all: every pick
  // adds each one's share and takes the total from the one picked.
  struct Entry {
    std::int64_t credit;
    std::uint32_t server;
    std::uint32_t share;
    std::uint32_t load;  // of least requests, within one pick
  };

  explicit Turn(std::uint32_t start) : start_(start) {}

  // O(servers). What each server is owed (less than a request) is kept, so that neither a change
  // nor a return makes a burst.
  void update(const TurnPlan& plan);

  // The rule of smooth weighted round robin among the servers that accepts(index) takes; the others
  // stand still. kNoServer when it takes none.
  template <class Accepts>
  std::size_t pick(Accepts accepts) {
    return next([&accepts](const Entry& entry) { return accepts(entry.server); });
  }

  std::size_t pick_any();
  void undo_pick(std::size_t server);  // of the last pick_any()

  // The least in_flight / share among the accepted; equal ones by turn.
  template <ServerLoad Load, class Accepts>
  std::size_t pick_least(const Load& load, Accepts accepts);

 private:
  template <class Accepts>
  std::size_t next(Accepts accepts);
  void stagger();

  static constexpr std::uint32_t kNotAccepted = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t start_;
  std::array<bool, TurnPlan::kNoGroup> has_started_{};
  std::int64_t total_ = 0;      // share of all entries
  std::vector<Entry> entries_;  // those in turn, by index
  std::vector<double> owed_;    // by server, in picks: its credit when update() last saw it
};

template <class Accepts>
std::size_t Turn::next(Accepts accepts) {
  Entry* best = nullptr;
  std::int64_t best_credit = std::numeric_limits<std::int64_t>::min();
  std::int64_t total = 0;
  for (Entry& entry : entries_) {
    if (!accepts(entry)) continue;
    const std::int64_t credit = entry.credit + entry.share;
    entry.credit = credit;
    total += entry.share;
    if (credit <= best_credit) continue;
    best = &entry;
    best_credit = credit;
  }
  if (best == nullptr) return kNoServer;
  best->credit = best_credit - total;
  return best->server;
}

template <ServerLoad Load, class Accepts>
std::size_t Turn::pick_least(const Load& load, Accepts accepts) {
  const Entry* least = nullptr;
  const auto is_less = [](const Entry& a, const Entry& b) {
    return std::uint64_t{a.load} * b.share < std::uint64_t{b.load} * a.share;
  };
  for (Entry& entry : entries_) {
    entry.load = kNotAccepted;
    if (!accepts(entry.server)) continue;
    entry.load = load.in_flight(entry.server);
    if (least == nullptr || is_less(entry, *least)) least = &entry;
  }
  if (least == nullptr) return kNoServer;
  return next([least, is_less](const Entry& entry) {
    return entry.load != kNotAccepted && !is_less(*least, entry);
  });
}

}  // namespace ravelin::gateway
