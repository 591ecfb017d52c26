// From what the kernel has to what is wanted, as one transaction in an order the kernel takes: new
// sets, flushes, removals, headers of chains, elements, rules. What did not change is not touched,
// so its counters and the contents of dynamic and external sets survive. Pure; any thread.
#pragma once

#include "firewall/diff/transaction.h"

#include <string>

namespace ravelin::firewall {

// Makes the table. Nothing of it may exist but the table itself.
Transaction create(const Ruleset& wanted);

// Takes the table from `live` to `wanted`. Empty when there is nothing to do.
// - Base chains that both have stay: their rules are flushed and added again. Only one whose hook
//   or priority changes is made anew.
// - Sets with equal headers change by elements while these are few (under a fifth, or at most 32).
//   Otherwise, and when the header changes, a new set takes over under another name
//   (numbered_name.h), the rules that refer to it are added again, and the old one goes.
// - Dynamic and external sets keep their contents while their headers are equal.
// - The kernel never changes a comment. That of the table, of base chains, of chains that something
//   jumps to and of kept dynamic and external sets stays what it was; other chains are made anew
//   for theirs.
// `live` is what `placed` said at the change before; after `create`, what was wanted then.
Transaction change(const Ruleset& live, const Ruleset& wanted);

// `wanted` as it stands in the kernel after change(live, wanted): sets under the names they have
// there, with the comments and sizes that stayed. The `live` of the next change.
Ruleset placed(const Ruleset& live, const Ruleset& wanted);

// The name of a set after that change; `name` itself where no set of `wanted` is called so.
std::string placed_name(const Ruleset& live, const Ruleset& wanted, std::string_view name);

Transaction remove();

}  // namespace ravelin::firewall
