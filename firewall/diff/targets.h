// Which chains something leads to. Pure; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <functional>
#include <set>
#include <string>

namespace ravelin::firewall {

// The chains that jumps and gotos lead to, of rules and of elements of maps.
std::set<std::string, std::less<>> targets_of(const Ruleset& ruleset);

}  // namespace ravelin::firewall
