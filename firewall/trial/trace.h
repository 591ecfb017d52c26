// What became of one packet, as told by a ruleset, simulated or in the kernel. Pure; any thread.
#pragma once

#include "firewall/simulate/run.h"
#include "policies/check/run_test.h"

#include <optional>
#include <string>

namespace ravelin::firewall::trial {

struct Trace {
  policies::Verdict verdict = policies::Verdict::deny;
  std::string by;  // the comment of the rule that decided: "edge.yaml:33 web"; empty: none has one
  bool causes_ban = false;
  std::optional<base::IpAddress> dnat_to;  // of packets that pass
  std::optional<std::uint16_t> dnat_port;
};

Trace trace_of(const simulate::Outcome& outcome, const policies::Packet& packet);

// The line in a rule's comment; 0: none.
int line_in(std::string_view comment);

// Whether a rule's comment is of a rule that turns or only looks, beside those that decide.
bool is_beside(std::string_view chain);

// How a test of the policy went: its first packet and the last of `repeat`.
policies::TestOutcome judge(const policies::Policy& policy, const policies::PolicyTest& test,
                            const policies::Packet& packet, const Trace& first, const Trace& last);

}  // namespace ravelin::firewall::trial
