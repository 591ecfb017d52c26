// Giving up what a role does not need. Called once by a process, before its first thread: threads
// made later inherit all of it, and nothing gives it back.
#pragma once

#include "base/result.h"
#include "system/confine/confinement.h"

namespace ravelin::system {

// What this kernel offers; tests hide a part of it by giving less.
struct ConfinementKernel {
  int landlock_abi = 0;  // 0: none
  bool has_seccomp = false;

  friend bool operator==(const ConfinementKernel&, const ConfinementKernel&) = default;
};

ConfinementKernel probe_confinement_kernel();

// In this order: core dumps off, names of users looked up (what that loads is loaded then), user
// and groups, capabilities, no_new_privs, files, ports and signals (Landlock), system calls
// (seccomp). What the kernel lacks or refuses of the last three is in the report, and the caller
// decides; the descriptors the process holds stay usable.
// Errors, after which the process is to end: there are threads already; no such user; the kernel
// refuses the change of user or capabilities; a required path does not exist.
base::Result<ConfinementReport> confine(const Confinement& confinement,
                                        const ConfinementKernel& kernel);

// Whether this build runs under a sanitizer, whose calls are then allowed as well.
bool is_sanitized_build();

}  // namespace ravelin::system
