// Packet space as boxes: a set of new connections in which every field that a rule can ask for has
// a range of its own. What rules cover, and what is left of it, is computed exactly on them. Pure
// values; any thread.
#pragma once

#include "policies/model/address_set.h"
#include "policies/model/packet.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ravelin::policies {

// Both ends included.
template <class T>
struct Span {
  T first;
  T last;

  friend bool operator==(const Span&, const Span&) = default;
};

using Ports = Span<std::uint16_t>;
using Protocols = Span<std::uint8_t>;

inline constexpr Ports kAllPorts{0, 65535};
inline constexpr Protocols kAllProtocols{0, 255};

// Never empty: what could be empty is an optional<Box>. Source and destination are of one family.
// `ports` are destination ports, or ICMP types; of a protocol that has neither always all.
// `interfaces` is a set of classes of interfaces (interface_classes.h), bit by bit, never zero.
struct Box {
  AddressRange source;
  AddressRange destination;
  Protocols protocols = kAllProtocols;
  Ports ports = kAllPorts;
  std::uint64_t interfaces = ~std::uint64_t{0};

  [[nodiscard]] base::Family family() const { return source.first.family; }

  friend bool operator==(const Box&, const Box&) = default;
};

Box whole(base::Family family);

[[nodiscard]] bool overlaps(const Box& a, const Box& b);
[[nodiscard]] bool contains(const Box& outer, const Box& inner);
std::optional<Box> intersection(const Box& a, const Box& b);

// Adds to `out` what is left of `from` without `what`: at most nine boxes, disjoint. The two must
// overlap.
void subtract(const Box& from, const Box& what, std::vector<Box>& out);

// A packet of the box: addresses for examples (RFC 5737, RFC 3849) and TCP where it holds them,
// else its lowest values. Interfaces are left empty.
Packet packet_in(const Box& box);

}  // namespace ravelin::policies
