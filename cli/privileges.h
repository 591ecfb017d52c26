// Becoming the service user for good, once everything privileged is open.
#pragma once

#include "base/result.h"

#include <string>

namespace ravelin::cli {

// Changes to `user` and its groups, keeping only CAP_NET_BIND_SERVICE (a reload may bind new low
// ports). Does nothing unless started as root; an empty `user` stays root. Error: no such user, or
// the kernel refuses.
base::Result<void> drop_privileges(const std::string& user);

// Core dumps off (they would hold private keys), no_new_privs, and as many descriptors as the hard
// limit allows. Comes before the first thread.
void prepare_process();

}  // namespace ravelin::cli
