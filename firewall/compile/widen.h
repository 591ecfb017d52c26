// Clauses of many shapes in one order need a lookup for each change of shape. Made as wide as the
// widest of them they share a few. Pure; any thread.
#pragma once

#include "firewall/compile/clause.h"

#include <vector>

namespace ravelin::firewall {

// The same clauses with as few shapes as can be: of one family each, with every side that some
// clause asks for, whole protocols as all of their ports. A clause of any protocol that decides
// becomes one of all ports, one of all ICMP types and one of the rest. They mean the same, but cost
// more elements.
std::vector<Clause> widened(const std::vector<Clause>& clauses);

}  // namespace ravelin::firewall
