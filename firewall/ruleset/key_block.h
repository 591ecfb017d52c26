// Keys of a large set in one piece of memory. Pure values; any thread.
#pragma once

#include "firewall/ruleset/statement.h"

#include <cstddef>
#include <cstdint>

namespace ravelin::firewall {

// Many keys without one object each (a million hosts are 4 MB): all of one width, sorted, each
// once. Intervals stand as pairs first, last (both included), sorted, without overlap or contact.
struct KeyBlock {
  std::uint8_t key_bytes = 4;  // 4 or 16
  bool is_interval = false;
  Bytes keys;

  [[nodiscard]] std::size_t count() const {
    return keys.size() / (std::size_t{key_bytes} * (is_interval ? 2 : 1));
  }

  friend bool operator==(const KeyBlock&, const KeyBlock&) = default;
};

}  // namespace ravelin::firewall
