#include "firewall/ruleset/ruleset.h"

#include <algorithm>

namespace ravelin::firewall {

const Set* Ruleset::find_set(std::string_view name) const {
  const auto found =
      std::find_if(sets.begin(), sets.end(), [&](const Set& set) { return set.name == name; });
  return found == sets.end() ? nullptr : &*found;
}

const Chain* Ruleset::find_chain(std::string_view name) const {
  const auto found = std::find_if(chains.begin(), chains.end(),
                                  [&](const Chain& chain) { return chain.name == name; });
  return found == chains.end() ? nullptr : &*found;
}

}  // namespace ravelin::firewall
