// Sets of IP addresses as policies use them: both families in one value, ranges in the order
// written until they are normalised. Pure; any thread.
#pragma once

#include "base/address.h"

#include <span>
#include <vector>

namespace ravelin::policies {

// All addresses from `first` to `last`, both included and of one family.
struct AddressRange {
  base::IpAddress first;
  base::IpAddress last;

  [[nodiscard]] bool contains(const base::IpAddress& address) const {
    return address.family == first.family && first <= address && address <= last;
  }

  friend auto operator<=>(const AddressRange&, const AddressRange&) = default;
};

AddressRange range_of(const base::IpPrefix& prefix);
AddressRange everything(base::Family family);

// Sorted, without overlap, adjacent ranges joined; IPv4 before IPv6. Every function below takes and
// returns such lists.
using AddressRanges = std::vector<AddressRange>;

AddressRanges normalised(std::vector<AddressRange> ranges);
bool contains(std::span<const AddressRange> sorted, const base::IpAddress& address);
AddressRanges intersection(std::span<const AddressRange> a, std::span<const AddressRange> b);
AddressRanges difference(std::span<const AddressRange> a, std::span<const AddressRange> b);

// The part of `sorted` in one family.
std::span<const AddressRange> in_family(std::span<const AddressRange> sorted, base::Family family);

// The address after / before this one; the highest stays the highest, the lowest the lowest.
base::IpAddress next(base::IpAddress address);
base::IpAddress previous(base::IpAddress address);

// The fewest prefixes that cover exactly this range.
std::vector<base::IpPrefix> prefixes_of(const AddressRange& range);

// "10.0.0.0/8", "10.0.0.1", "10.0.0.1-10.0.0.9".
std::string to_string(const AddressRange& range);

}  // namespace ravelin::policies
