// `override`: changes to rules and nat entries that an included file defines, made in the tree
// before it is read, so that a changed rule is read and checked like any other. Pure; any thread.
#pragma once

#include "policies/parse/names.h"

namespace ravelin::policies {

// Removes `override` from the root and does what it says. Each entry names a rule by its id and
// sets keys of it (an empty value removes the key, a verdict replaces the verdict), removes it, or
// inserts rules before it. Reported: an id no rule has, and two entries that set the same key of
// one rule or change what another removes.
void apply_overrides(yaml::TreeNode& root, yaml::Report& report, Completeness completeness);

}  // namespace ravelin::policies
