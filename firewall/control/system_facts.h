// What a policy asks of the world, looked up on this machine: names through the system's resolver,
// users, the addresses of interfaces, the settings of TCP. Blocks; every look-up has a deadline.
#pragma once

#include "firewall/control/prepare.h"

#include <chrono>

namespace ravelin::firewall {

class SystemFacts final : public FactFinder {
 public:
  explicit SystemFacts(std::chrono::milliseconds patience = std::chrono::seconds(5))
      : patience_(patience) {}

  // Delegated prefixes are those of the zone's interfaces: of every global IPv6 address with a
  // prefix shorter than /64 on them. Countries are not looked up: a policy names a file for them.
  policies::Facts find(const policies::ParsedPolicy& policy) override;

 private:
  std::chrono::milliseconds patience_;  // for all names together
};

// The addresses of this host's interfaces, but for those of loopback.
policies::AddressRanges own_addresses();

}  // namespace ravelin::firewall
