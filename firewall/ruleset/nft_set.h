// A set or a map as it stands in nft's listing of a table. Pure; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <string>

namespace ravelin::firewall::nft {

std::string set_text(const Set& set, Elements elements);

std::string verdict_text(const Verdict& verdict);

}  // namespace ravelin::firewall::nft
