#include "policies/space/box.h"

#include <algorithm>
#include <string_view>

namespace ravelin::policies {
namespace {

template <class Range>
bool meet(const Range& a, const Range& b) {
  return a.first <= b.last && b.first <= a.last;
}

template <class Range>
bool holds(const Range& outer, const Range& inner) {
  return outer.first <= inner.first && inner.last <= outer.last;
}

template <class Range>
Range common_part(const Range& a, const Range& b) {
  return {std::max(a.first, b.first), std::min(a.last, b.last)};
}

std::uint16_t below(std::uint16_t port) {
  return static_cast<std::uint16_t>(port - 1);
}

std::uint16_t above(std::uint16_t port) {
  return static_cast<std::uint16_t>(port + 1);
}

std::uint8_t below(std::uint8_t protocol) {
  return static_cast<std::uint8_t>(protocol - 1);
}

std::uint8_t above(std::uint8_t protocol) {
  return static_cast<std::uint8_t>(protocol + 1);
}

base::IpAddress below(const base::IpAddress& address) {
  return previous(address);
}

base::IpAddress above(const base::IpAddress& address) {
  return next(address);
}

// Cuts off what lies outside of `what` in one field, and leaves `rest` inside of it there.
template <class Range>
void cut(Box& rest, Range Box::*field, const Range& what, std::vector<Box>& out) {
  Range& range = rest.*field;
  if (range.first < what.first) {
    Box piece = rest;
    (piece.*field).last = below(what.first);
    out.push_back(piece);
    range.first = what.first;
  }
  if (what.last < range.last) {
    Box piece = rest;
    (piece.*field).first = above(what.last);
    out.push_back(piece);
    range.last = what.last;
  }
}

}  // namespace

Box whole(base::Family family) {
  return {.source = everything(family), .destination = everything(family)};
}

bool overlaps(const Box& a, const Box& b) {
  return meet(a.ports, b.ports) && meet(a.protocols, b.protocols) &&
         (a.interfaces & b.interfaces) != 0 && a.family() == b.family() &&
         meet(a.source, b.source) && meet(a.destination, b.destination);
}

bool contains(const Box& outer, const Box& inner) {
  return holds(outer.ports, inner.ports) && holds(outer.protocols, inner.protocols) &&
         (inner.interfaces & ~outer.interfaces) == 0 && outer.family() == inner.family() &&
         holds(outer.source, inner.source) && holds(outer.destination, inner.destination);
}

std::optional<Box> intersection(const Box& a, const Box& b) {
  if (!overlaps(a, b)) return std::nullopt;
  return Box{.source = common_part(a.source, b.source),
             .destination = common_part(a.destination, b.destination),
             .protocols = common_part(a.protocols, b.protocols),
             .ports = common_part(a.ports, b.ports),
             .interfaces = a.interfaces & b.interfaces};
}

void subtract(const Box& from, const Box& what, std::vector<Box>& out) {
  Box rest = from;
  // Protocol and port first: pieces that differ there meet the fewest other rules.
  cut(rest, &Box::protocols, what.protocols, out);
  cut(rest, &Box::ports, what.ports, out);
  cut(rest, &Box::source, what.source, out);
  cut(rest, &Box::destination, what.destination, out);
  if (const std::uint64_t outside = rest.interfaces & ~what.interfaces; outside != 0) {
    rest.interfaces = outside;
    out.push_back(rest);
  }
}

Packet packet_in(const Box& box) {
  const bool is_v4 = box.family() == base::Family::ipv4;
  const auto address = [](const AddressRange& range, std::string_view wanted) {
    const auto parsed = base::parse_ip(wanted);
    return parsed && range.contains(*parsed) ? *parsed : range.first;
  };
  const auto holds = [](const auto& range, auto value) {
    return range.first <= value && value <= range.last;
  };
  Packet packet;
  packet.source = address(box.source, is_v4 ? "203.0.113.9" : "2001:db8::9");
  packet.destination = address(box.destination, is_v4 ? "192.0.2.1" : "2001:db8:1::1");
  packet.protocol = holds(box.protocols, kTcp) ? kTcp : box.protocols.first;
  constexpr std::uint16_t kUsualPort = 443;
  packet.destination_port = box.ports == kAllPorts ? kUsualPort : box.ports.first;
  if (!has_ports(packet.protocol) && box.ports == kAllPorts) packet.destination_port = 0;
  return packet;
}

}  // namespace ravelin::policies
