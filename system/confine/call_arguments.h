// The calls whose arguments decide: what a role may ask of each. Pure; any thread.
#pragma once

#include "system/confine/seccomp_plan.h"

namespace ravelin::system {

using CallRules = std::vector<CallRule>;

CallRules rules_for_memory(bool loads_modules);  // no executable memory but from files, if at all
CallRules rules_for_threads();                   // clone(2) makes threads, and nothing else
CallRules rules_for_forking();                   // a child, in the same namespaces
CallRules rules_for_itself(pid_t own);           // kill, tgkill, prctl, prlimit64
CallRules rules_for_descriptors();               // fcntl, ioctl
CallRules rules_for_sockets(const NetworkAccess& network);  // socket, setsockopt
CallRules rules_for_priority();                             // of its own threads

// New namespaces, which a plan that allows the rest still refuses.
CallRules rules_for_namespaces();

// clone3 hides its flags from filters, so libraries shall fall back on clone; sockets that
// libraries try and do without.
std::vector<QuietRefusal> quiet_refusals(const NetworkAccess& network, SeccompPlan::Rest rest);

}  // namespace ravelin::system
