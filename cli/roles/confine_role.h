// A role gives up what it does not need, as soon as it knows what that is.
#pragma once

#include "base/result.h"
#include "system/confine/confinement.h"
#include "system/supervise/role_link.h"

#include <string>

namespace ravelin::cli {

// What the configuration grants this role, beside what it has anyway.
system::Confinement confinement_of(system::ConfinedRole role,
                                   const system::RoleLink::Started& started);

// A folder of this user's alone, where there is none at this path. Error: it cannot be given to
// that user.
base::Result<> make_folder_for(const std::string& path, const std::string& user);

// Makes the folders it is to write in, where they are not there yet, and confines this process,
// which has no thread yet. What holds, in words. Errors: what is required
// (system calls, files) cannot be held here; and those of system::confine().
base::Result<std::string> confine_role(const system::Confinement& confinement, messages::Need need);

}  // namespace ravelin::cli
