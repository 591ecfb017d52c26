// Which set in the kernel becomes which wanted set, and how: by elements, or a new one under
// another name. Pure; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct ElementChange {
  std::vector<Element> removed, added;
};

struct SetPlan {
  Set set;                    // as it will stand in the kernel: its name, comment and size there
  const Set* live = nullptr;  // the set that is kept; none: a new one is made
  ElementChange elements;     // of a new set: all are added
};

struct SetPlans {
  std::vector<SetPlan> sets;  // in the order of the wanted ones
  std::vector<std::string> removed;
  std::map<std::string, std::string, std::less<>> names;  // wanted -> in the kernel

  [[nodiscard]] const std::string& name_of(const std::string& wanted) const;
};

SetPlans plan_sets(const Ruleset& live, const Ruleset& wanted);

// The rule with its sets under the names they have in the kernel.
Rule with_names(Rule rule, const SetPlans& plans);

}  // namespace ravelin::firewall
