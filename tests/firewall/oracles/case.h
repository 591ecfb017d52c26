// One question put to the oracles: a policy, what its feeds hold, who is banned, and packets one
// after the other. A value, so that it can be cut down to what matters. Pure; any thread.
#pragma once

#include "firewall/compile/compile.h"
#include "firewall/simulate/run.h"
#include "policies/simulate/simulate.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall::oracles {

struct Case {
  policies::Policy policy;
  std::vector<policies::AddressRanges> feeds;  // what the files say, by index
  std::vector<base::IpAddress> banned;         // by hand, before the first packet
  std::vector<policies::Packet> packets;       // each of a connection of its own
  std::chrono::sys_seconds compiled_at{};
};

// What became of a packet, as far as every oracle can tell.
struct Answer {
  policies::Verdict verdict = policies::Verdict::deny;
  int line = 0;  // of the rule or nat entry that decided; 0: none did
  bool causes_ban = false;
  std::optional<base::IpAddress> dnat_to;  // of packets that pass
  std::optional<std::uint16_t> dnat_port;

  friend bool operator==(const Answer&, const Answer&) = default;
};

std::string to_string(const Answer& answer);

struct Disagreement {
  std::size_t packet = 0;  // which
  Answer by_policy, by_ruleset;
};

CompileOptions options_of(const Case& asked);

// Cgroups that packets come from; a path is known by its place.
const std::vector<std::string>& cgroups();

// What the ruleset's sets hold at the beginning, and the routes to the networks of the zones.
simulate::TableState table_state_of(const Case& asked);
policies::SimulationState simulation_state_of(const Case& asked);

Answer answer_of(const policies::Fate& fate);
Answer answer_of(const simulate::Outcome& outcome, const policies::Packet& packet);

// The first packet of which the two simulators tell different things.
std::optional<Disagreement> disagreement(const Case& asked, const Ruleset& ruleset);

// With the policy's own ruleset.
std::optional<Disagreement> disagreement(const Case& asked);

}  // namespace ravelin::firewall::oracles
