// Whether one packet is what a rule asks for. Written for itself, of plain comparisons: what the
// simulator says is held against the compiler, so the two share no code. Pure; any thread.
#pragma once

#include "policies/model/packet.h"
#include "policies/simulate/simulation_state.h"

#include <span>
#include <string>

namespace ravelin::policies {

// The first thing that does not fit, in the order asked.
enum class Mismatch { none, service, source, destination, via, owner, when, until, limit };

// All but `limit`, which only the state can answer. A feed's `never` is taken out of it. `when`
// asks about the packet's own day and hour, UTC, also where it goes over midnight: nft does.
Mismatch mismatch(const Rule& rule, const Packet& packet, const Policy& policy,
                  const SimulationState& state);

bool is_in_services(std::span<const ServiceTerm> services, const Packet& packet);
bool is_in(const AddressMatch& match, const base::IpAddress& address, const Policy& policy,
           const SimulationState& state);

// "source is not in admins".
std::string to_string(Mismatch mismatch, const Rule& rule);

}  // namespace ravelin::policies
