// Cases in words: what a failing test prints. Pure; any thread.
#pragma once

#include "tests/firewall/oracles/case.h"

#include <string>

namespace ravelin::firewall::oracles {

// As operators write it, as far as that goes; every rule with its line.
std::string policy_text(const policies::Policy& policy);
std::string trip_text(const policies::Packet& packet);
std::string case_text(const Case& asked);

// The case, the packet they disagree about, and what each says.
std::string disagreement_text(const Case& asked, const Disagreement& found);

}  // namespace ravelin::firewall::oracles
