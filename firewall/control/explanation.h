// One packet's way through a policy and through the ruleset that was made of it. Pure; any thread.
#pragma once

#include "firewall/control/service.h"
#include "firewall/simulate/run.h"
#include "policies/simulate/simulate.h"

#include <chrono>

namespace ravelin::firewall {

struct ExplainedPacket {
  policies::Packet packet;
  policies::Explanation policy;
  simulate::Outcome ruleset;

  [[nodiscard]] bool is_allowed() const { return policy.fate.verdict == policies::Verdict::allow; }

  // Whether both say the same; not to is a bug of ours.
  [[nodiscard]] bool agree() const;
};

// Nothing came before the packet: no bans, limits unused, feeds empty.
ExplainedPacket explain_packet(const policies::Policy& policy, const policies::Packet& packet,
                               std::chrono::sys_seconds now);

// Went::no: it is denied or rejected.
Answer answer_explained(const policies::Policy& policy, const ExplainedPacket& explained);

}  // namespace ravelin::firewall
