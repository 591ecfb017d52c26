#include "firewall/compile/box_index.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

namespace ravelin::firewall {
namespace {

using policies::AddressRange;

constexpr std::uint64_t kSlotsMax = 64;  // that one box may lie in

struct Slots {
  std::uint64_t first = 0, last = 0;
};

std::uint64_t number(const base::IpAddress& address, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value = value << 8 | address.bytes[i];
  return value;
}

// A slot is a /20 of IPv4 or a /56 of IPv6.
Slots slots_of(const AddressRange& range) {
  const bool is_v4 = range.first.family == base::Family::ipv4;
  const std::size_t bytes = is_v4 ? 4 : 7;
  const unsigned shift = is_v4 ? 12 : 0;
  return {number(range.first, bytes) >> shift, number(range.last, bytes) >> shift};
}

Slots slots_of(std::uint8_t protocol, std::uint16_t first, std::uint16_t last) {
  constexpr unsigned kShift = 6;  // a slot is 64 ports
  const std::uint64_t base = std::uint64_t{protocol} << 16;
  return {base | first >> kShift, base | last >> kShift};
}

Slots slots_of(BoxIndex::By by, const KeyBox& box) {
  switch (by) {
    case BoxIndex::By::ports:
      return slots_of(box.protocol, box.first, box.last);
    case BoxIndex::By::from:
      return slots_of(box.from);
    case BoxIndex::By::to:
      return slots_of(box.to);
  }
  return {};
}

// Boxes that lie in few slots, and in how many different ones.
std::size_t spread(std::span<const Slots> all) {
  std::set<std::uint64_t> different;
  for (const Slots& slots : all) {
    if (slots.last - slots.first < kSlotsMax) different.insert(slots.first);
  }
  return different.size();
}

}  // namespace

void BoxIndex::add(std::size_t id, const KeyBox& box) {
  all_.push_back(id);
  const Slots slots = slots_of(by_, box);
  if (slots.last - slots.first >= kSlotsMax) {
    wide_.push_back(id);
    return;
  }
  for (std::uint64_t slot = slots.first; slot <= slots.last; ++slot)
    slots_[slot].push_back(id);
}

std::vector<std::size_t> BoxIndex::near(const KeyBox& box) const {
  const Slots slots = slots_of(by_, box);
  if (slots.last - slots.first >= kSlotsMax) return all_;
  std::vector<std::size_t> found = wide_;
  for (std::uint64_t slot = slots.first; slot <= slots.last; ++slot) {
    const auto here = slots_.find(slot);
    if (here != slots_.end()) found.insert(found.end(), here->second.begin(), here->second.end());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

BoxIndex index_for(const Stratum& stratum) {
  std::vector<Slots> ports, from, to;
  for (const Clause& clause : stratum.clauses) {
    for (const ServiceTerm& term : clause.terms)
      ports.push_back(slots_of(term.protocol, term.first, term.last));
    for (const AddressRange& range : clause.from)
      from.push_back(slots_of(range));
    for (const AddressRange& range : clause.to)
      to.push_back(slots_of(range));
  }
  const std::size_t by_ports = spread(ports), by_from = spread(from), by_to = spread(to);
  if (by_from >= by_ports && by_from >= by_to && stratum.shape.has_from)
    return BoxIndex(BoxIndex::By::from);
  return BoxIndex(by_to > by_ports && stratum.shape.has_to ? BoxIndex::By::to
                                                           : BoxIndex::By::ports);
}

}  // namespace ravelin::firewall
