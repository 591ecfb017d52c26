// Hashes that are the same in every process: of the keys and server names that consistent hashing
// spreads. Not secret: whoever chooses keys can aim at a server, which the bound on load is for.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // 2^64 / φ

// FNV-1a over the bytes, then mixed.
constexpr std::uint64_t hash_bytes(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return mix_bits(hash);
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
