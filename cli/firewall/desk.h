// Where a question of `ravelin firewall` is answered when no agent is there: the kernel, the state
// directory and the keeper of both, for the length of one command.
#pragma once

#include "cli/firewall/firewall.h"

namespace ravelin::cli {

// What of the machine answers look at beyond our table; `flows` outlives it.
firewall::Surroundings surroundings_with(firewall::ConntrackTable& flows);

base::Result<firewall::Answer> answer_question(const FirewallFlags& flags,
                                               const boost::json::object& question);

}  // namespace ravelin::cli
