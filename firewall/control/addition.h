// A text that is part of every policy here as if it were a file the policy includes: what follows
// from somewhere else, and lies in no file.
//   /etc/ravelin/policy.yaml.whole     includes the two
//   /etc/ravelin/policy.yaml
//   /etc/ravelin/policy.yaml.derived   the text
#pragma once

#include "firewall/control/prepare.h"

#include <string>

namespace ravelin::firewall {

// The bundle is then the whole; with what the text asks of the world. An empty addition is none.
void add_to(PolicyBundle& bundle, const std::string& addition, FactFinder& facts);

}  // namespace ravelin::firewall
