// Who a process is and what it may by that: user, groups, capabilities, no_new_privs, core dumps.
// Changes the whole process when it has one thread.
#pragma once

#include "base/result.h"
#include "system/confine/confinement.h"

namespace ravelin::system {

// Core dumps off, and nobody of the same user may look into the process.
MechanismReport forbid_core_dumps();

// Loads what looking up users and groups needs, as long as libraries may be loaded.
void load_name_services();

// To `user` and its groups, keeping capabilities for keep_capabilities(); stays as it is without
// root or with an empty `user`. Errors: no such user; the kernel refuses.
base::Result<MechanismReport> change_user(const std::string& user);

// Effective, permitted: `kept`, as far as the process has them. Inheritable and ambient: none, or
// the same with `hands_on`. Bounding: `kept`, where CAP_SETPCAP allows it. Error: the kernel
// refuses.
base::Result<MechanismReport> keep_capabilities(const std::vector<unsigned>& kept, bool hands_on);

MechanismReport forbid_new_privileges();

}  // namespace ravelin::system
