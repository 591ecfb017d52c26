// Sets that are filled by another hand than the policy's, as they stand in the kernel. Pure; any
// thread.
#pragma once

#include "firewall/diff/numbered_name.h"
#include "firewall/ruleset/ruleset.h"

#include <optional>
#include <string_view>

namespace ravelin::firewall {

// The set that stands for `name`, under whatever name it has now; null: it is not there.
inline const Set* standing(const Ruleset& ruleset, std::string_view name) {
  for (const Set& set : ruleset.sets) {
    if (set.name == name || (set.is_external && is_numbered_name(set.name, name))) return &set;
  }
  return nullptr;
}

inline bool is_new(const std::optional<Ruleset>& live, const Set& set) {
  return !live || live->find_set(set.name) == nullptr;
}

}  // namespace ravelin::firewall
