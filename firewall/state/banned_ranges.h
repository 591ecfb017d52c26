// Banned ranges as a set of the kernel takes them: it refuses what overlaps, while a range may well
// be banned inside another. Pure; any thread.
#pragma once

#include "policies/model/address_set.h"

#include <chrono>
#include <span>
#include <vector>

namespace ravelin::firewall {

struct BannedRange {
  policies::AddressRange range;
  std::chrono::sys_seconds until{};

  friend bool operator==(const BannedRange&, const BannedRange&) = default;
};

// Each address is banned for as long as the longest ban that covers it, in parts that do not
// overlap, sorted: at most two for each range. `nested`: prefixes of one family, by address, those
// with the same by length.
std::vector<BannedRange> without_overlap(std::span<const BannedRange> nested);

}  // namespace ravelin::firewall
