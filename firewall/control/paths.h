// Which interfaces packets of an address can come and go by, as far as routes tell. Pure; any
// thread.
#pragma once

#include "firewall/kernel/routes.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace ravelin::firewall {

class Paths {
 public:
  explicit Paths(const std::vector<RouteTo>& routes);

  // An address of this host.
  [[nodiscard]] bool is_own(const base::IpAddress& address) const;

  // The interfaces of the longest route of every table: which table counts, rules of routing say.
  // Empty: no route.
  [[nodiscard]] std::set<std::string> towards(const base::IpAddress& address) const;

 private:
  // Of one table and family, by length of prefix, the longest first.
  using ByLength = std::map<int, std::map<base::IpPrefix, std::set<std::string>>, std::greater<>>;

  std::map<std::pair<std::uint32_t, base::Family>, ByLength> tables_;
  std::vector<base::IpPrefix> own_;
};

}  // namespace ravelin::firewall
