// Taking over a table of which only the outline is known: everything in it goes and everything
// wanted comes, in one transaction. Base chains that both have stay, so that no packet passes
// between. Pure; any thread.
#pragma once

#include "firewall/diff/transaction.h"
#include "firewall/kernel/kernel.h"

namespace ravelin::firewall {

// `live` none: there is no table.
Transaction rebuild(const std::optional<LiveTable>& live, const Ruleset& wanted);

}  // namespace ravelin::firewall
