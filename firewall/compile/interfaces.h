// Patterns of interfaces ("eth0", "wg*") as keys of a set. Pure; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <span>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct InterfaceVerdict {
  std::string pattern;
  Verdict verdict;
};

struct InterfaceElements {
  std::vector<Element> elements;  // sorted, disjoint
  bool is_interval = false;       // some pattern ends in a star
};

// Of patterns that match one interface the longest wins, and a name without a star over all.
InterfaceElements interface_elements(std::span<const InterfaceVerdict> patterns);

}  // namespace ravelin::firewall
