// Mistakes a compiler could make, put into what it makes: the oracles must see each. Pure; any
// thread.
#pragma once

#include "tests/firewall/oracles/case.h"

#include <vector>

namespace ravelin::firewall::oracles {

struct SeededBug {
  const char* name;
  // What the compiler would read instead, or what it would make; one of the two.
  void (*misread)(policies::Policy& policy);
  void (*spoil)(Ruleset& ruleset);
};

const std::vector<SeededBug>& seeded_bugs();

}  // namespace ravelin::firewall::oracles
