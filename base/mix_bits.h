// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", 2014): a bijection after which every bit of the result hangs on every bit of the
// input. No secret. Pure; any thread.
#pragma once

#include <cstdint>

namespace ravelin::base {

constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Steps of this size, mixed, are the sequence of SplitMix64.
inline constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // 2^64 / φ

}  // namespace ravelin::base
