#include "policies/model/address_set.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

using base::Family;
using base::IpAddress;

int bits_of(Family family) {
  return family == Family::ipv4 ? 32 : 128;
}

std::size_t bytes_of(Family family) {
  return family == Family::ipv4 ? 4 : 16;
}

IpAddress filled(Family family, std::uint8_t byte) {
  IpAddress address{.family = family};
  std::fill_n(address.bytes.begin(), bytes_of(family), byte);
  return address;
}

bool bit(const IpAddress& address, int index) {
  const auto place = static_cast<std::size_t>(index);
  return ((address.bytes.at(place / 8) >> (7 - place % 8)) & 1) != 0;
}

void set_bit(IpAddress& address, int index) {
  const auto place = static_cast<std::size_t>(index);
  address.bytes.at(place / 8) =
      static_cast<std::uint8_t>(address.bytes.at(place / 8) | (0x80U >> (place % 8)));
}

// The last address of the block of `length` fixed bits that begins at `first`.
IpAddress last_of(IpAddress first, int length) {
  for (int i = length; i < bits_of(first.family); ++i)
    set_bit(first, i);
  return first;
}

// The largest block that begins at `first`: up to which bit all of its bits are zero.
int shortest_length(const IpAddress& first) {
  int length = bits_of(first.family);
  while (length > 0 && !bit(first, length - 1))
    --length;
  return length;
}

}  // namespace

AddressRange range_of(const base::IpPrefix& prefix) {
  return {prefix.address, last_of(prefix.address, prefix.length)};
}

AddressRange everything(Family family) {
  return {filled(family, 0), filled(family, 0xff)};
}

IpAddress next(IpAddress address) {
  for (std::size_t i = bytes_of(address.family); i-- > 0;) {
    if (++address.bytes.at(i) != 0) return address;
  }
  return filled(address.family, 0xff);
}

IpAddress previous(IpAddress address) {
  for (std::size_t i = bytes_of(address.family); i-- > 0;) {
    if (address.bytes.at(i)-- != 0) return address;
  }
  return filled(address.family, 0);
}

AddressRanges normalised(std::vector<AddressRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  AddressRanges joined;
  joined.reserve(ranges.size());
  for (AddressRange& range : ranges) {
    const bool joins =
        !joined.empty() && joined.back().first.family == range.first.family &&
        (range.first <= joined.back().last || range.first == next(joined.back().last));
    if (!joins)
      joined.push_back(range);
    else if (joined.back().last < range.last)
      joined.back().last = range.last;
  }
  return joined;
}

bool contains(std::span<const AddressRange> sorted, const IpAddress& address) {
  const auto behind =
      std::upper_bound(sorted.begin(), sorted.end(), address,
                       [](const IpAddress& a, const AddressRange& b) { return a < b.first; });
  return behind != sorted.begin() && std::prev(behind)->contains(address);
}

AddressRanges intersection(std::span<const AddressRange> a, std::span<const AddressRange> b) {
  AddressRanges both;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const IpAddress first = std::max(a[i].first, b[j].first);
    const IpAddress last = std::min(a[i].last, b[j].last);
    if (first.family == last.family && first <= last) both.push_back({first, last});
    a[i].last < b[j].last ? ++i : ++j;
  }
  return both;
}

AddressRanges difference(std::span<const AddressRange> a, std::span<const AddressRange> b) {
  AddressRanges left;
  std::size_t j = 0;
  for (AddressRange range : a) {
    while (j < b.size() && b[j].last < range.first)
      ++j;
    bool is_left = true;
    for (std::size_t k = j; is_left && k < b.size() && b[k].first <= range.last; ++k) {
      if (range.first < b[k].first) left.push_back({range.first, previous(b[k].first)});
      is_left = b[k].last < range.last;
      if (is_left) range.first = next(b[k].last);
    }
    if (is_left) left.push_back(range);
  }
  return left;
}

std::span<const AddressRange> in_family(std::span<const AddressRange> sorted, Family family) {
  const auto first_v6 = std::partition_point(sorted.begin(), sorted.end(), [](const auto& range) {
    return range.first.family == Family::ipv4;
  });
  const auto count = static_cast<std::size_t>(first_v6 - sorted.begin());
  return family == Family::ipv4 ? sorted.first(count) : sorted.subspan(count);
}

std::vector<base::IpPrefix> prefixes_of(const AddressRange& range) {
  std::vector<base::IpPrefix> prefixes;
  for (IpAddress first = range.first;;) {
    int length = shortest_length(first);
    while (range.last < last_of(first, length))
      ++length;
    prefixes.push_back({first, length});
    const IpAddress last = last_of(first, length);
    if (last == range.last) return prefixes;
    first = next(last);
  }
}

std::string to_string(const AddressRange& range) {
  if (range.first == range.last) return base::to_string(range.first);
  const std::vector<base::IpPrefix> prefixes = prefixes_of(range);
  if (prefixes.size() == 1) return base::to_string(prefixes.front());
  return base::to_string(range.first) + "-" + base::to_string(range.last);
}

}  // namespace ravelin::policies
