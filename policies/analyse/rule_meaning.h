// Rules of two policies next to each other: what of them decides, and which of them both have.
// Pure; any thread.
#pragma once

#include "policies/model/policy.h"

#include <vector>

namespace ravelin::policies {

// What of a rule decides about packets; the rest is for people.
Rule meaning_of(Rule rule, const Policy& policy);

// Which rules of two lists stand in both in the same order: where a packet's first match is one of
// them in both, it is the same one. So only packets of the others can meet another fate.
struct Common {
  std::vector<bool> a, b;
};

// Two lists too long to be compared have in common what they begin and end with.
Common common_rules(const std::vector<Rule>& a, const std::vector<Rule>& b);

}  // namespace ravelin::policies
