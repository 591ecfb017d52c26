// Cases at random, over everything a policy can say: few addresses, ports and interfaces, so that
// packets meet rules. What the parser refuses does not come up.
#pragma once

#include "tests/firewall/oracles/case.h"

#include <random>

namespace ravelin::firewall::oracles {

class RandomCases {
 public:
  explicit RandomCases(std::uint32_t seed) : random_(seed) {}

  Case next(std::size_t packets);

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  bool chance(unsigned one_of) { return below(one_of) == 0; }

  policies::Packet packet();

 private:
  void add_zones(policies::Policy& policy);
  void add_lists(policies::Policy& policy);
  void add_nat(policies::Policy& policy);
  void add_guard(Case& made);
  policies::Rule rule(const policies::RuleList& list, const policies::Policy& policy);
  void add_conditions(policies::Rule& rule, const policies::RuleList& list);
  void add_meters(policies::Rule& rule, bool is_from_host);
  policies::NatRule nat(const policies::Policy& policy);
  policies::RuleList list(const policies::Policy& policy);
  policies::AddressMatch match(const policies::Policy& policy);
  policies::AddressRange range(base::Family family);
  base::IpAddress address(base::Family family);
  policies::ServiceTerm term();
  std::vector<policies::ServiceTerm> terms();
  policies::Rate rate();
  std::vector<policies::ZoneId> zones(const policies::Policy& policy, bool with_host);

  template <class List>
  auto& pick(List& list) {
    return list[below(static_cast<unsigned>(std::size(list)))];
  }

  std::mt19937 random_;
  int line_ = 0;
  std::chrono::nanoseconds at_{0};
  std::uint16_t source_port_ = 1024;
};

}  // namespace ravelin::firewall::oracles
