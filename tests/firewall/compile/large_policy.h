// A policy of many rules as nobody would write it: overlapping networks and ranges of ports,
// verdicts that alternate, limits and logs in between. Deterministic.
#pragma once

#include "policies/model/policy.h"

#include <cstdint>
#include <random>

namespace ravelin::firewall {

enum class LargeShape {
  networks_and_ranges,  // overlapping CIDRs of all lengths and ranges of ports
  hosts_and_ports,      // single addresses and ports, over a few networks denied
  services,             // ranges of ports alone
};

inline policies::Rule large_rule(std::mt19937& random, LargeShape shape, int line) {
  using policies::Verb;
  const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  policies::Rule rule;
  rule.pos = {"large.yaml", line, 5};
  rule.verb = line % 2 == 0 ? Verb::allow : line % 3 == 0 ? Verb::reject : Verb::deny;
  const std::uint8_t protocol = below(3) == 0 ? policies::kUdp : policies::kTcp;
  const auto first = static_cast<std::uint16_t>(1 + below(60'000));
  const auto length = static_cast<std::uint16_t>(shape == LargeShape::hosts_and_ports ? 0
                                                 : below(4) == 0                      ? below(4000)
                                                                                      : below(3));
  rule.services = {{protocol, first, static_cast<std::uint16_t>(first + length)}};
  if (shape != LargeShape::services) {
    base::IpAddress address{.family = base::Family::ipv4};
    address.bytes = {10, static_cast<std::uint8_t>(below(16)),
                     static_cast<std::uint8_t>(below(256)), static_cast<std::uint8_t>(below(256))};
    const int prefix = shape == LargeShape::hosts_and_ports ? 32 : 12 + static_cast<int>(below(21));
    rule.from.is_restricted = true;
    rule.from.ranges = {policies::range_of({base::mask(address, prefix), prefix})};
  }
  if (below(50) == 0) rule.limit = policies::Rate{.count = 10 + below(90)};
  if (below(50) == 0) rule.log = policies::LogRule{.prefix = "large"};
  return rule;
}

inline policies::Policy large_policy(LargeShape shape, int rules, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  policies::Policy policy;
  policy.name = "large";
  policy.zones = {{.name = "wan", .interfaces = {"eth0"}}};
  policies::RuleList list;
  list.text = "wan -> host";
  list.from = {0};
  list.to = {policies::kHost};
  for (int i = 0; i < rules; ++i)
    list.rules.push_back(large_rule(random, shape, 10 + i));
  policy.lists = {std::move(list)};
  return policy;
}

}  // namespace ravelin::firewall
