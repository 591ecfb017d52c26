// What a policy does with one packet, straight from the model: the first of the three oracles. It
// shares no code with the compiler, whose work it is held against. Pure but for the state it is
// given; one thread at a time.
#pragma once

#include "policies/model/packet.h"
#include "policies/simulate/simulation_state.h"

#include <string>
#include <vector>

namespace ravelin::policies {

// In this order: loopback; bans by hand; sources that cannot be on that interface; `forward` and
// `redirect` (new connections; of all of them the first that fits); what conntrack knows; bans by
// rules (new connections); essential ICMPv6; the allow of a `forward`; the rules of the pair; its
// end.
// A path that the policy does not govern ends before conntrack's state is asked: output without a
// list of `host`, forwarding without a list between zones or between two interfaces of no zone.
//
// A `forward` is for new connections to this host. It brings an allow for exactly that flow; over
// its `limit` the rules towards the zone of the new destination decide (the first zone whose
// networks hold it; in none it is denied). A `redirect` takes also what was to be forwarded, and
// the rules of zone -> host then decide on the new port; the destination, whichever address of this
// host it becomes, stays as it was written in the packet. Fate::dnat_port is the port it arrives
// at, told for every `forward` and `redirect`.
//
// A rule's `limit` has one bucket, whichever pair of its list and whichever family a packet is of.
// It is asked first, then `per_source`, then connections; a packet denied by `per_source` has taken
// its token. Sources in bans.never, those of management and link-local ones are never banned.
Fate simulate(const Policy& policy, const Packet& packet, SimulationState& state);

struct Explanation {
  Fate fate;
  std::vector<std::string> steps;  // "edge.yaml:35 allow ssh: source is not in admins"
};

// The same with every step told.
Explanation explain(const Policy& policy, const Packet& packet, SimulationState& state);

// "allowed", "denied", "rejected", "banned".
std::string_view verdict_text(Verdict verdict);

// Who decided: "edge.yaml:39", "a ban", "the end of the lists".
std::string decider_text(const Fate& fate);

}  // namespace ravelin::policies
