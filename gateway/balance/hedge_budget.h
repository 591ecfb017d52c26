// HedgeBudget: keeps hedges a part of the requests that may be hedged, whatever the servers do: of
// those a pool is never sent more than (1 + percent / 100) times as many. Each worker has one for
// each pool. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ravelin::gateway {

class HedgeBudget {
 public:
  // A request that may be hedged is sent; `percent` is what its route allows.
  void request(std::uint32_t percent) { saved_ = std::min(saved_ + percent, kSavedMax); }

  // Whether another hedge may be sent.
  [[nodiscard]] bool has_any() const { return saved_ >= kHedge; }

  // One is; has_any() was true.
  void spend() { saved_ -= kHedge; }

 private:
  static constexpr std::uint32_t kHedge = 100;             // whole numbers: the bound is exact
  static constexpr std::uint32_t kSavedMax = 10 * kHedge;  // what good times may save up
  std::uint32_t saved_ = 0;
};

}  // namespace ravelin::gateway
