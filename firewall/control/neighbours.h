// Where other tables and ours get into each other's way: a packet passes only when every base chain
// lets it, ours and theirs. Pure; any thread.
#pragma once

#include "firewall/kernel/foreign.h"
#include "policies/model/policy.h"

#include <string>
#include <vector>

namespace ravelin::firewall {

// One line each, with what to do; empty: none is in the way. Chains that only some of their rules
// drop in are not judged.
std::vector<std::string> neighbour_warnings(const policies::Policy& policy,
                                            const ForeignRuleset& foreign);

}  // namespace ravelin::firewall
