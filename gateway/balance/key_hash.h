// Hashes that are the same in every process: of the keys and server names that consistent hashing
// spreads. Not secret: whoever chooses keys can aim at a server, which the bound on load is for.
// Pure; any thread.
#pragma once

#include "base/hash.h"

#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

using base::kGoldenRatio;
using base::mix_bits;

// FNV-1a over the bytes, then mixed.
constexpr std::uint64_t hash_bytes(std::string_view bytes) {
  return mix_bits(base::fnv1a(bytes));
}

// SplitMix64: fast, and the same sequence for the same seed everywhere.
class RandomBits {
 public:
  explicit constexpr RandomBits(std::uint64_t seed) : state_(mix_bits(seed + kGoldenRatio)) {}

  constexpr std::uint64_t next() { return mix_bits(state_ += kGoldenRatio); }

 private:
  std::uint64_t state_;
};

}  // namespace ravelin::gateway
