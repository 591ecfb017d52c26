// Hashes without a secret: fast, the same in every process, and open to whoever wants to choose
// collisions: where outsiders would gain by those, a keyed hash belongs. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace ravelin::base {

// FNV-1a, 64 bits (Fowler, Noll, Vo). Its upper bits hang on few of the last bytes: mix them before
// they decide.
constexpr std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", 2014): a bijection after which every bit of the result hangs on every bit of the
// input.
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Steps of this size, mixed, are the sequence of SplitMix64.
inline constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // 2^64 / φ

}  // namespace ravelin::base
