// Puts the clauses of a pair into strata: each stratum is one lookup, whatever the number of rules
// in it. Order is kept where it matters: of two clauses that a packet can meet both, the earlier
// one stands in an earlier stratum, or in the same one, where keys of both lead to both in order
// (boxes.h). Pure; any thread.
#pragma once

#include "firewall/compile/clause.h"

#include <vector>

namespace ravelin::firewall {

struct Stratum {
  Shape shape;
  int layer = 0;
  bool is_plain = false;        // one clause, as plain rules
  std::vector<Clause> clauses;  // in the order of their rules
};

std::vector<Stratum> stratify(std::vector<Clause> clauses);

}  // namespace ravelin::firewall
