// One rule as it stands in nft's listing of a chain. Pure; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <string>

namespace ravelin::firewall::nft {

// Without indentation and end of line.
std::string rule_text(const Rule& rule);

}  // namespace ravelin::firewall::nft
