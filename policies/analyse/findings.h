// What is probably not meant, as warnings at the rule they are about: rules that are never met, and
// rules that treat the families unlike. Exact on the model, so no false alarm: what the bound on
// the work leaves undecided is not reported but said once. Pure; any thread.
#pragma once

#include "base/diagnostics.h"
#include "policies/model/policy.h"
#include "policies/space/region.h"

namespace ravelin::policies {

// Findings in the order of the policy's lists.
//
// A rule is never met when final rules without conditions before it (limited per source or not)
// hold every packet it asks for, in every pair of its list; or when no such packet can arrive.
// Where it is so from some zones of its list only, it is told if what covers it decides otherwise,
// and not for lists of `any`, which are general on purpose. A rule is partly never met when one of
// its services or written address ranges is, for rules that decide otherwise. A general rule cut by
// a more specific one before it is the usual way to write an exception, and never reported.
//
// A family hole: a final rule whose `from` or `to` names addresses of one family only.
//   deny, reject   while a later allow, for everyone where this rule names its group, lets the same
//                  services pass in the other family;
//   allow          while nothing of the same services passes in the other family, in any pair of
//                  its list in which that family is used: by a network of its zones or by another
//                  rule.
// Rules with feeds, ICMP, and DHCP are of one family by nature and left out; so is a rule that
// another of the same verb completes in the other family.
void find_never_met(const Policy& policy, base::Diagnostics& findings, Effort& effort);
void find_family_holes(const Policy& policy, base::Diagnostics& findings, Effort& effort);

// A `forward` whose every packet some rule refuses, between each of its zones and each its address
// can be in.
void find_closed_forwards(const Policy& policy, base::Diagnostics& findings, Effort& effort);

// All of them, and the management invariant (an error at `management`), in one bounded pass.
base::Diagnostics analyse(const Policy& policy);

// "rules.wan -> host[3]".
std::string key_of(const Policy& policy, const Rule& rule);

}  // namespace ravelin::policies
