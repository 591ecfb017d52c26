// Rulesets at random that the kernel would take: jumps go to chains of lower number, rules look
// into sets that are there, keys are unique.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <random>

namespace ravelin::firewall {

Ruleset random_ruleset(std::mt19937& random);

// One like it, with a few things different.
Ruleset mutated(Ruleset ruleset, std::mt19937& random);

}  // namespace ravelin::firewall
