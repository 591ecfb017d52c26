// A text that is part of every policy here as if it were a file the policy includes: what follows
// from somewhere else, and lies in no file.
//   /etc/ravelin/policy.yaml.whole     includes the two
//   /etc/ravelin/policy.yaml
//   /etc/ravelin/policy.yaml.derived   the text
#pragma once

#include "firewall/control/prepare.h"

#include <functional>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct Addition {
  std::string text;                // "" = none
  std::vector<std::string> ids{};  // of its rules
};

// What is to be added to this policy. Null: nothing to any.
using AdditionFor = std::function<Addition(const policies::Policy& policy)>;

// The bundle is then the whole; with what the text asks of the world. A policy that has one of
// these rules already, by its id, stays as it is: it includes them itself.
void add_to(PolicyBundle& bundle, const AdditionFor& addition_for, FactFinder& facts);

// The bundle without what add_to() has added, with the facts of the whole.
PolicyBundle own_part(PolicyBundle bundle);

// Of the texts of its own part, whatever its files are called: sixteen hexadecimal digits.
std::string own_hash(const PolicyBundle& bundle);

}  // namespace ravelin::firewall
