// The servers of a pool that a request was already sent to: a retry prefers the others. A value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ravelin::gateway {

class TriedSet {
 public:
  static constexpr std::size_t kMax = 15;  // further ones are forgotten: they may be picked again

  void add(std::size_t server) {
    if (count_ < kMax) servers_[count_++] = static_cast<std::uint32_t>(server);
  }

  [[nodiscard]] bool contains(std::size_t server) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (servers_[i] == server) return true;
    }
    return false;
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  std::uint32_t count_ = 0;
  std::array<std::uint32_t, kMax> servers_;  // the first count_ are set
};

}  // namespace ravelin::gateway
