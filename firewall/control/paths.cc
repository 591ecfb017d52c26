#include "firewall/control/paths.h"

#include <algorithm>

namespace ravelin::firewall {

Paths::Paths(const std::vector<RouteTo>& routes) {
  for (const RouteTo& route : routes) {
    if (route.is_local) {
      own_.push_back(route.to);
      continue;
    }
    auto& interfaces = tables_[{route.table, route.to.address.family}][route.to.length][route.to];
    interfaces.insert(route.interfaces.begin(), route.interfaces.end());
  }
}

bool Paths::is_own(const base::IpAddress& address) const {
  return std::ranges::any_of(
      own_, [&](const base::IpPrefix& prefix) { return prefix.contains(address); });
}

std::set<std::string> Paths::towards(const base::IpAddress& address) const {
  std::set<std::string> found;
  for (const auto& [table, lengths] : tables_) {
    if (table.second != address.family) continue;
    for (const auto& [length, prefixes] : lengths) {
      const auto route = prefixes.find({base::mask(address, length), length});
      if (route == prefixes.end()) continue;
      found.insert(route->second.begin(), route->second.end());
      break;
    }
  }
  return found;
}

}  // namespace ravelin::firewall
