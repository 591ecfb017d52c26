// An agent for the time a change waits to be confirmed, when none is running.
#pragma once

#include "cli/firewall/firewall.h"

namespace ravelin::cli {

// Starts `ravelin firewall watch --until-confirmed` apart from this terminal and waits until it
// answers; what it has to say goes to STATE/agent.log.
base::Result<> start_agent_until_confirmed(const FirewallFlags& flags);

}  // namespace ravelin::cli
