#include "firewall/trial/frame.h"

#include <algorithm>

namespace ravelin::firewall::trial {
namespace {

using base::Family;
using base::IpAddress;
using policies::Packet;

constexpr std::size_t kHeader4 = 20, kHeader6 = 40;
constexpr std::uint8_t kHops = 64;

void put16(Octets& out, std::size_t number) {
  out.push_back(static_cast<std::uint8_t>(number >> 8));
  out.push_back(static_cast<std::uint8_t>(number));
}

void set16(Octets& out, std::size_t at, std::uint16_t number) {
  out[at] = static_cast<std::uint8_t>(number >> 8);
  out[at + 1] = static_cast<std::uint8_t>(number);
}

std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put(Octets& out, const IpAddress& address) {
  const std::ptrdiff_t count = address.family == Family::ipv4 ? 4 : 16;
  out.insert(out.end(), address.bytes.begin(), address.bytes.begin() + count);
}

// RFC 1071.
std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    sum += static_cast<std::uint32_t>(bytes[i] << 8) + (i + 1 < bytes.size() ? bytes[i + 1] : 0U);
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// Of a transport with its pseudo header.
std::uint16_t checksum(const Packet& packet, const Octets& transport) {
  Octets all;
  put(all, packet.source);
  put(all, packet.destination);
  put16(all, packet.protocol);
  put16(all, transport.size());
  all.insert(all.end(), transport.begin(), transport.end());
  return checksum(all);
}

Octets tcp(const Packet& packet, const Tag& tag) {
  constexpr std::uint8_t kWords = 5, kSyn = 2;
  Octets out;
  put16(out, packet.source_port);
  put16(out, packet.destination_port);
  out.insert(out.end(), {0, 0, 0, 1, 0, 0, 0, 0, kWords << 4, kSyn, 0xff, 0xff, 0, 0, 0, 0});
  out.insert(out.end(), tag.begin(), tag.end());
  set16(out, 16, checksum(packet, out));
  return out;
}

Octets udp(const Packet& packet, const Tag& tag) {
  Octets out;
  put16(out, packet.source_port);
  put16(out, packet.destination_port);
  put16(out, 8 + tag.size());
  put16(out, 0);
  out.insert(out.end(), tag.begin(), tag.end());
  set16(out, 6, checksum(packet, out));
  return out;
}

Octets icmp(const Packet& packet, const Tag& tag) {
  Octets out{static_cast<std::uint8_t>(packet.destination_port), 0, 0, 0};
  put16(out, packet.source_port);
  put16(out, 1);
  out.insert(out.end(), tag.begin(), tag.end());
  set16(out, 2, packet.protocol == policies::kIcmp ? checksum(out) : checksum(packet, out));
  return out;
}

Octets transport(const Packet& packet, const Tag& tag) {
  switch (packet.protocol) {
    case policies::kTcp:
      return tcp(packet, tag);
    case policies::kUdp:
      return udp(packet, tag);
    case policies::kIcmp:
    case policies::kIcmpv6:
      return icmp(packet, tag);
    default: {
      Octets out{0, 0, 8, 0};  // GRE: no options, IPv4 inside
      out.insert(out.end(), tag.begin(), tag.end());
      return out;
    }
  }
}

std::optional<IpAddress> destination_in(std::span<const std::uint8_t> packet) {
  const bool is_v4 = !packet.empty() && packet[0] >> 4 == 4;
  const std::size_t at = is_v4 ? 16 : 24, bytes = is_v4 ? 4 : 16;
  if (packet.size() < (is_v4 ? kHeader4 : kHeader6)) return std::nullopt;
  IpAddress address{.family = is_v4 ? Family::ipv4 : Family::ipv6};
  std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(at), bytes, address.bytes.begin());
  return address;
}

// RFC 792 and 1812: communication administratively prohibited; RFC 4443 3.1.
bool is_refusal(bool is_v4, std::uint8_t type, std::uint8_t code) {
  return is_v4 ? type == 3 && code == 13 : type == 1 && code == 1;
}

Seen seen_in(const IpAddress& destination, std::uint8_t protocol,
             std::span<const std::uint8_t> inside) {
  const bool is_v4 = destination.family == Family::ipv4;
  Seen seen{destination, 0, false};
  if (protocol == (is_v4 ? policies::kIcmp : policies::kIcmpv6)) {
    seen.is_refusal = is_refusal(is_v4, inside[0], inside[1]);
    seen.destination_port = inside[0];
  }
  if (policies::has_ports(protocol)) seen.destination_port = get16(inside, 2);
  return seen;
}

}  // namespace

Tag tag_of(std::uint32_t number) {
  Tag tag{'r', 'a', 'v', 'n'};
  for (std::size_t i = 0; i < 4; ++i)
    tag[4 + i] = static_cast<std::uint8_t>(number >> 8 * i);
  return tag;
}

Octets packet_bytes(const Packet& packet, const Tag& tag) {
  const Octets inside = transport(packet, tag);
  Octets out;
  if (packet.source.family == Family::ipv4) {
    out = {0x45, 0};
    put16(out, kHeader4 + inside.size());
    out.insert(out.end(), {0, 0, 0, 0, kHops, packet.protocol, 0, 0});
  } else {
    out = {0x60, 0, 0, 0};
    put16(out, inside.size());
    out.insert(out.end(), {packet.protocol, kHops});
  }
  put(out, packet.source);
  put(out, packet.destination);
  if (packet.source.family == Family::ipv4) set16(out, 10, checksum(out));
  out.insert(out.end(), inside.begin(), inside.end());
  return out;
}

std::optional<Seen> recognise6(std::uint8_t protocol, std::span<const std::uint8_t> inside,
                               const Tag& tag) {
  if (inside.size() < 4 ||
      std::search(inside.begin(), inside.end(), tag.begin(), tag.end()) == inside.end())
    return std::nullopt;
  return seen_in(IpAddress{.family = Family::ipv6}, protocol, inside);
}

std::optional<Seen> recognise(std::span<const std::uint8_t> packet, const Tag& tag) {
  const auto destination = destination_in(packet);
  if (!destination) return std::nullopt;
  if (std::search(packet.begin(), packet.end(), tag.begin(), tag.end()) == packet.end())
    return std::nullopt;
  const bool is_v4 = destination->family == Family::ipv4;
  const std::size_t header = is_v4 ? std::size_t{packet[0] & 0x0fU} * 4 : kHeader6;
  if (packet.size() < header + 4) return std::nullopt;
  return seen_in(*destination, is_v4 ? packet[9] : packet[6], packet.subspan(header));
}

}  // namespace ravelin::firewall::trial
