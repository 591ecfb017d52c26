// Packets as bytes: made for a trial, and recognised when they come out again. Pure; any thread.
#pragma once

#include "policies/model/packet.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ravelin::firewall::trial {

using Octets = std::vector<std::uint8_t>;

// Stands in the payload: which packet it was.
using Tag = std::array<std::uint8_t, 8>;
Tag tag_of(std::uint32_t number);

// The first packet of a connection, from the IP header on: a SYN, a datagram, an echo request or,
// of other protocols, a few bytes. Checksums are right.
Octets packet_bytes(const policies::Packet& packet, const Tag& tag);

// Where a packet with this tag goes; none: another packet.
struct Seen {
  base::IpAddress destination;
  std::uint16_t destination_port = 0;
  bool is_refusal = false;  // an ICMP error: administratively prohibited
};

std::optional<Seen> recognise(std::span<const std::uint8_t> ip_packet, const Tag& tag);
// Of IPv6 from what stands behind its header; the destination is not known.
std::optional<Seen> recognise6(std::uint8_t protocol, std::span<const std::uint8_t> inside,
                               const Tag& tag);

}  // namespace ravelin::firewall::trial
