// A packet as `ravelin firewall explain` is asked about one:
//   in=wan from=203.0.113.9 to=host service=tcp/443
// Words in any order: in, out (a zone, or an interface of one, or host), from, to (host, a name or
// address of the policy, wan-address), service, state (new, established, related, invalid), uid.
// Pure; any thread.
#pragma once

#include "firewall/state/policy_bundle.h"
#include "policies/model/packet.h"
#include "policies/parse/packet_words.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::firewall {

inline constexpr std::size_t kPacketTextMax = 1024;

struct PacketText {
  std::vector<policies::PacketWord> words;  // of the packet itself; each key once
  policies::ConnState state = policies::ConnState::new_;
  std::uint32_t uid = 0;
};

// Error: not words of key=value, an unknown key (with what may be meant), one twice.
Result<PacketText> parse_packet_text(std::string_view text);

// What the words stand for in a policy. Interfaces are empty where only a zone is named.
struct AskedPacket {
  policies::TestPacket words;
  std::string in_interface, out_interface;
  policies::ConnState state = policies::ConnState::new_;
  std::uint32_t uid = 0;
};

// `kind` packet: it must be a whole one; else what is left out stands for everything. `policy` is
// the bundle's; `facts` those of the bundle or more. A destination among facts.own is this host.
Result<AskedPacket> resolve_packet(PacketText text, policies::PolicyTest::Kind kind,
                                   const PolicyBundle& bundle, const policies::Policy& policy,
                                   const policies::Facts& facts);

// The packet itself. Error: something it leaves open cannot be chosen.
Result<policies::Packet> packet_of(const AskedPacket& asked, const policies::Policy& policy);

}  // namespace ravelin::firewall
