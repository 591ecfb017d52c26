// Addresses as numbers, small and quick to compare: what a feed's million entries are while they
// are sorted. Pure; any thread.
#pragma once

#include "base/address.h"

#include <compare>
#include <cstdint>
#include <utility>
#include <vector>

namespace ravelin::firewall::feed {

using Key4 = std::uint32_t;

struct Key6 {
  std::uint64_t high = 0, low = 0;

  friend auto operator<=>(const Key6&, const Key6&) = default;
};

template <class Key>
using Interval = std::pair<Key, Key>;  // both ends included

constexpr Key4 next(Key4 key) {
  return key + 1;
}

constexpr Key4 previous(Key4 key) {
  return key - 1;
}

constexpr Key6 next(Key6 key) {
  return {key.low == UINT64_MAX ? key.high + 1 : key.high, key.low + 1};
}

constexpr Key6 previous(Key6 key) {
  return {key.low == 0 ? key.high - 1 : key.high, key.low - 1};
}

constexpr Key4 highest(Key4 /*of its kind*/) {
  return UINT32_MAX;
}

constexpr Key6 highest(Key6 /*of its kind*/) {
  return {UINT64_MAX, UINT64_MAX};
}

// In network order; returns what is behind it.
inline std::uint8_t* write(std::uint8_t* at, Key4 key) {
  for (int shift = 24; shift >= 0; shift -= 8)
    *at++ = static_cast<std::uint8_t>(key >> shift);
  return at;
}

inline std::uint8_t* write(std::uint8_t* at, Key6 key) {
  for (const std::uint64_t half : {key.high, key.low}) {
    for (int shift = 56; shift >= 0; shift -= 8)
      *at++ = static_cast<std::uint8_t>(half >> shift);
  }
  return at;
}

inline std::uint64_t number(const base::IpAddress& address, std::size_t first, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = first; i < first + count; ++i)
    value = value << 8 | address.bytes[i];
  return value;
}

inline Key4 key4(const base::IpAddress& address) {
  return static_cast<Key4>(number(address, 0, 4));
}

inline Key6 key6(const base::IpAddress& address) {
  return {number(address, 0, 8), number(address, 8, 8)};
}

// All entries of one family as they come.
template <class Key>
struct Gathered {
  std::vector<Key> hosts;
  std::vector<Interval<Key>> nets;

  void add(Key first, Key last) {
    if (first == last) {
      hosts.push_back(first);
    } else {
      nets.emplace_back(first, last);
    }
  }

  friend bool operator==(const Gathered&, const Gathered&) = default;
};

}  // namespace ravelin::firewall::feed
