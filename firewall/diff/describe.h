// A transaction in words for plan: one line for each set and chain it touches, sorted by nothing
// but the order of its steps. Pure; any thread.
#pragma once

#include "firewall/diff/transaction.h"

#include <string>

namespace ravelin::firewall {

// "+ set feed_drop4: 12 elements", "~ set hosts: +3 -1 elements", "~ chain z_wan_host: 12 rules ->
// 13", "- chain old: 2 rules", each with a line feed. `live` is what it is applied to.
std::string describe(const Transaction& transaction, const Ruleset& live);

}  // namespace ravelin::firewall
