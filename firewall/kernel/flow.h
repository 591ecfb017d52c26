// A flow as conntrack keeps it, and its messages (linux/netfilter/nfnetlink_conntrack.h). Decodes
// bytes that may hold anything. Pure; any thread.
#pragma once

#include "base/address.h"
#include "firewall/kernel/replies.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

// One direction of a flow. Of ICMP the type stands in destination_port and the identifier in
// source_port, as packets of the policy model have it.
struct FlowTuple {
  base::IpAddress source, destination;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t icmp_code = 0;

  friend auto operator<=>(const FlowTuple&, const FlowTuple&) = default;
};

struct Flow {
  FlowTuple original, reply;  // with NAT the reply is not the original turned round
  bool has_reply = false;     // until then rules see each packet as the first one
  bool is_expected = false;   // a helper announced it: it passes as related
  bool is_closed = false;     // TCP that waits to be forgotten
  std::uint16_t zone = 0;     // of conntrack, no zone of a policy
  std::uint32_t id = 0;       // tells it from a later flow of the same tuple

  friend bool operator==(const Flow&, const Flow&) = default;
};

// "tcp 192.0.2.1:40000 -> 192.0.2.254:22"; where NAT turned it, " (to 10.0.0.1:22)" behind it.
std::string to_string(const Flow& flow);

// None: no message about a flow, or one without both tuples.
std::optional<Flow> decode_flow(const Reply& reply);

// Questions with a netlink header, as the kernel takes them.
std::vector<std::uint8_t> ask_for_flows(std::uint32_t sequence);  // all, of both families
std::vector<std::uint8_t> remove_flow(const Flow& flow, std::uint32_t sequence);

}  // namespace ravelin::firewall
