// Expressions with a state: counters, limits and updates of sets. They stand in rules, and inside
// elements of dynamic sets. One thread.
#pragma once

#include "base/result.h"
#include "firewall/kernel/nftnl_handles.h"
#include "firewall/ruleset/statement.h"

namespace ravelin::firewall {

using base::Result;

ExprPtr make_counter();
ExprPtr make_connection_limit(const ConnectionLimit& limit);
// Error: no rate the kernel knows (a unit is 1, 60, 3600 or 86400 seconds).
Result<ExprPtr> make_limit(const Limit& limit);
// The key is in the registers already.
Result<ExprPtr> make_update(const Update& update);

}  // namespace ravelin::firewall
