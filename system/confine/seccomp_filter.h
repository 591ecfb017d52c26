// The one file that knows libseccomp: hands a plan to the kernel.
#pragma once

#include "base/result.h"
#include "system/confine/seccomp_plan.h"

namespace ravelin::system {

// From here on the plan holds for the calling thread and all that come of it; no_new_privs is set
// before. Errors: Errc::invalid, a call of the plan is unknown to libseccomp (a bug the tests
// find); else the kernel refuses.
base::Result<> install_seccomp(const SeccompPlan& plan);

// "execve" for 59, from a line of the kernel's log; "" for none.
std::string name_of_call(int number);

}  // namespace ravelin::system
