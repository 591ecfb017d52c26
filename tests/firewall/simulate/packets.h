// Packets for tests of the simulator, in few words.
#pragma once

#include "policies/model/packet.h"

#include <string_view>

namespace ravelin::firewall::simulate {

// A new TCP connection that comes in on eth0.
inline policies::Packet tcp(std::string_view from, std::string_view to, std::uint16_t port) {
  policies::Packet packet;
  packet.in_interface = "eth0";
  packet.source = *base::parse_ip(from);
  packet.destination = *base::parse_ip(to);
  packet.destination_port = port;
  return packet;
}

inline policies::Packet with_protocol(policies::Packet packet, std::uint8_t protocol) {
  packet.protocol = protocol;
  return packet;
}

inline policies::Packet in_state(policies::Packet packet, policies::ConnState state) {
  packet.state = state;
  return packet;
}

inline policies::Packet at(policies::Packet packet, std::chrono::nanoseconds time) {
  packet.at = time;
  return packet;
}

inline policies::Packet between(policies::Packet packet, std::string_view in,
                                std::string_view out) {
  packet.in_interface = in;
  packet.out_interface = out;
  return packet;
}

}  // namespace ravelin::firewall::simulate
