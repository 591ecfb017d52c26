// A change in three transactions, so that no packet meets half of it. Within one transaction the
// kernel switches rules and elements of sets at one moment, but a packet on its way looks at
// elements when it comes to them: with the rules of before and the elements of after it would be
// led to chains that, for it, are still empty or still another's. Hence
//   prepare  what is new and nothing leads to yet: sets with their elements, chains with their
//   rules flip     elements of kept maps, rules of base chains: from here on packets go the new way
//   clean    what nothing leads to any more, once no packet is left that was on its way before the
//   flip
// and no regular chain ever changes what it does under the same name. Pure; any thread.
#pragma once

#include "firewall/diff/transaction.h"

#include <functional>
#include <map>
#include <string>

namespace ravelin::firewall {

struct Stages {
  Transaction prepare, flip, clean;
  Transaction undo;  // of prepare, when flip is refused

  [[nodiscard]] bool is_empty() const { return prepare.empty() && flip.empty() && clean.empty(); }
};

// `wanted` with other names for the regular chains that are not as `live` has them
// (numbered_name.h), each of which it has alone. What live already calls so and is the same keeps
// its name, and with it what its rules counted; so does a chain that nothing leads to.
Ruleset with_fresh_chains(const Ruleset& live, const Ruleset& wanted);

using Names = std::map<std::string, std::string, std::less<>>;  // wanted -> in the kernel
Ruleset with_names(const Ruleset& ruleset, const Names& chains, const Names& sets);

// change(live, wanted) in stages; `wanted` comes from with_fresh_chains.
Stages stages(const Ruleset& live, const Ruleset& wanted);

// More steps, for elements of sets: into the stage of their set.
void append(Stages& stages, const Ruleset& live, Transaction elements);

}  // namespace ravelin::firewall
