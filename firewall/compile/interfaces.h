// Patterns of interfaces ("eth0", "wg*") as keys of maps. Pure; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct InterfaceVerdict {
  std::string pattern;
  Verdict verdict;
};

// The maps in which a name is looked up one after the other until one has it: whole names first,
// then prefixes; of prefixes inside each other the longer one stands in an earlier map, since the
// keys of one map must not overlap. No map is empty.
struct InterfaceMaps {
  struct Map {
    std::vector<Element> elements;  // sorted
    bool is_interval = false;       // of prefixes
  };

  std::vector<Map> maps;
  std::optional<Verdict> otherwise;  // of "*", which nft cannot read as a key
};

InterfaceMaps interface_maps(std::span<const InterfaceVerdict> patterns);

}  // namespace ravelin::firewall
