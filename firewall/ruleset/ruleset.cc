#include "firewall/ruleset/ruleset.h"

#include <algorithm>
#include <bit>

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

std::uint32_t announced_size(const Set& set) {
  if (set.size != 0 || set.is_interval || set.is_external) return set.size;
  if (set.is_dynamic) return 65535;
  const std::size_t wanted = set.elements.size() + set.elements.size() / 2;
  return static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(wanted, 8)));
}

}  // namespace ravelin::firewall
