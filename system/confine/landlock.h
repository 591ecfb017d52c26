// Landlock through its system calls: glibc has no wrappers. For the calling thread and all that
// come of it.
#pragma once

#include "base/result.h"
#include "system/confine/landlock_plan.h"

namespace ravelin::system {

// 0: the kernel has none, or it was switched off when it booted.
int read_landlock_abi();

// no_new_privs is set before. Errors: Errc::not_found, a required path does not exist;
// Errc::kernel, the kernel or a filter around this process refuses, and nothing holds.
base::Result<> install_landlock(const LandlockPlan& plan);

}  // namespace ravelin::system
