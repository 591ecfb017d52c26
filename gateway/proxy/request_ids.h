// Request ids: 128 bits as 32 hex digits, unique over workers and restarts, cheap to make. Not a
// secret.
#pragma once

#include "base/check.h"
#include "base/hash.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

using RequestId = std::array<char, 32>;

inline std::string_view text_of(const RequestId& id) {
  return {id.data(), id.size()};
}

class RequestIds {
 public:
  RequestIds() {
    CHECK(::getrandom(state_.data(), sizeof state_, 0) == static_cast<ssize_t>(sizeof state_));
  }

  RequestId next() {
    RequestId id;
    put(id.data(), prefix());
    // SplitMix64 is a bijection: a worker never repeats an id.
    put(id.data() + 16, base::mix_bits(state_[1] += base::kGoldenRatio));
    return id;
  }

 private:
  [[nodiscard]] std::uint64_t prefix() const { return state_[0]; }

  static void put(char* out, std::uint64_t value) {
    constexpr char kHex[] = "0123456789abcdef";
    for (int i = 15; i >= 0; --i, value >>= 4)
      out[i] = kHex[value & 15];
  }

  std::array<std::uint64_t, 2> state_{};
};

}  // namespace ravelin::gateway
