// Boxes, packets and rules in words, as operators write services and addresses. Pure; any thread.
#pragma once

#include "policies/space/box.h"

#include <string>

namespace ravelin::policies {

// "tcp/9100", "udp/27015-27030", "icmp/8", "gre", "any protocol", "protocols 2 to 57".
std::string service_text(const Box& box);

// "any", "any IPv6 address", "10.77.0.0/16".
std::string address_text(const AddressRange& range);

// "edge.yaml:39".
std::string place_text(const SourcePos& pos);

// "allow ssh".
std::string rule_text(const Rule& rule);

// One packet: "tcp/22 from 203.0.113.9 to 192.0.2.1"; "icmp/8 …".
std::string packet_text(const Packet& packet);

}  // namespace ravelin::policies
