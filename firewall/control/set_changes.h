// Elements that leave sets and enter them, by set, and both as steps of one transaction. Pure; any
// thread.
#pragma once

#include "firewall/diff/transaction.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::firewall {

struct SetChanges {
  std::map<std::string, std::vector<Element>> removed, added;
};

// What leaves first: an element may be replaced by one with the same key.
inline Transaction steps_of(SetChanges&& changes) {
  Transaction steps;
  steps.reserve(changes.removed.size() + changes.added.size());
  for (auto& [set, list] : changes.removed)
    steps.emplace_back(RemoveElements{set, std::move(list)});
  for (auto& [set, list] : changes.added)
    steps.emplace_back(AddElements{set, std::move(list)});
  return steps;
}

}  // namespace ravelin::firewall
