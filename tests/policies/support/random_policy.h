// Small policies at random, and every packet they can tell apart: what analysis claims about all
// packets is held against the simulator on each of these.
#pragma once

#include "tests/policies/support/build_policy.h"

#include <random>

namespace ravelin::policies::build {

// Rules of zone wan (eth0, ppp*) and lan (eth1, with networks) over 4 addresses of each family, 4
// ports, TCP, UDP, ICMP and everything.
class RandomPolicies {
 public:
  enum class Conditions { none, some };

  RandomPolicies(std::uint32_t seed, Conditions conditions)
      : random_(seed), conditions_(conditions) {}

  Policy policy() {
    Policy made = two_zones();
    made.zones[kWan].interfaces = {"eth0", "ppp*"};
    made.zones[kLan].networks = ranges({"10.0.0.0/31", "fd00::/127"});
    int line = 10;
    made.lists = {list({kWan, kLan}, {kHost}, rules(line, 3), "any -> host"),
                  list({kWan}, {kHost}, rules(line, 6), "wan -> host"),
                  list({kLan}, {kHost}, rules(line, 4), "lan -> host"),
                  list({kLan, kWan}, {kWan}, rules(line, 5), "lan, wan -> wan")};
    made.lists[0].from_any = true;
    if (chance(4)) made.lists.push_back(list({kHost}, {kWan}, rules(line, 4), "host -> wan"));
    made.is_icmp_strict = chance(4);
    return made;
  }

  // in wan or lan, to the host or wan, some addresses and services
  TestPacket question() {
    TestPacket asked;
    asked.in = chance(2) ? kWan : kLan;
    asked.to_host = chance(2);
    if (!asked.to_host) asked.out = kWan;
    if (chance(2)) asked.from = addresses_at_random();
    if (chance(4)) asked.to = addresses_at_random();
    if (!chance(4)) asked.services = {term()};
    return asked;
  }

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  bool chance(unsigned one_of) { return below(one_of) == 0; }

 private:
  std::vector<Rule> rules(int& line, unsigned count_max) {
    std::vector<Rule> made;
    for (unsigned count = below(count_max + 1); count > 0; --count)
      made.push_back(rule_at(line++));
    return made;
  }

  Rule rule_at(int line) {
    Rule made = rule(chance(2) ? Verb::allow : chance(3) ? Verb::reject : Verb::deny, line, "any");
    if (!chance(5)) made.services = {term()};
    if (!made.services.empty() && chance(3)) made.services.push_back(term());
    if (chance(2)) made.from = addresses_at_random();
    if (chance(3)) made.to = addresses_at_random();
    if (chance(5)) made.via = {chance(2) ? "ppp*" : "eth0"};
    if (conditions_ == Conditions::none) return made;
    if (chance(4)) made.limit = Rate{.count = 1, .per = std::chrono::seconds(1), .burst = 1};
    if (chance(6)) made.until = std::chrono::sys_seconds{std::chrono::hours(1)};
    if (chance(6)) made.owner = Owner{.uid = 1};
    if (chance(6)) made.per_source.connections = 1;
    return made;
  }

  AddressMatch addresses_at_random() {
    AddressMatch match;
    match.is_restricted = true;
    match.text = "group";
    std::vector<AddressRange> list;
    for (const std::string_view family : {"10.0.0.", "fd00::"}) {
      if (chance(5)) continue;
      const unsigned a = below(4), b = below(4);
      list.push_back({ip(std::string(family) + std::to_string(std::min(a, b))),
                      ip(std::string(family) + std::to_string(std::max(a, b)))});
    }
    match.ranges = normalised(std::move(list));
    return match;
  }

  ServiceTerm term() {
    constexpr std::uint8_t kProtocols[] = {kTcp, kTcp, kUdp, kUdp, kIcmp, 47};
    const std::uint8_t number = kProtocols[below(6)];
    if (number == 47) return {number};
    const auto a = static_cast<std::uint16_t>(below(4)), b = static_cast<std::uint16_t>(below(4));
    return {number, std::min(a, b), std::max(a, b)};
  }

  std::mt19937 random_;
  Conditions conditions_;
};

// One packet of each kind these policies can tell apart, from a zone to the host or to wan.
inline std::vector<Packet> every_packet(ZoneId in, bool to_host) {
  constexpr struct {
    std::uint8_t protocol;
    std::uint16_t ports;  // 0 to this
  } kKinds[] = {{kTcp, 4}, {kUdp, 4}, {47, 0}, {kIcmp, 4}, {kIcmpv6, 5}, {99, 0}};

  std::vector<Packet> packets;
  // of the side that `via` is about
  const std::vector<std::string> outside =
      in == kLan ? std::vector<std::string>{"eth1"} : std::vector<std::string>{"eth0", "ppp0"};
  for (const std::string& interface : outside) {
    for (const std::string_view family : {"10.0.0.", "fd00::"}) {
      // the sixth source is one that may arrive from any zone
      const std::string_view anywhere = family == "fd00::" ? "fe80::1" : "0.0.0.0";
      for (unsigned pair = 0; pair < 30; ++pair) {
        for (const auto& [protocol, ports] : kKinds) {
          if (protocol == (family == "fd00::" ? kIcmp : kIcmpv6)) continue;
          for (std::uint16_t port = 0; port <= ports; ++port) {
            Packet one;
            one.in_interface = in == kHost ? "" : interface;
            one.out_interface = to_host ? "" : in == kHost ? interface : "eth0";
            one.source =
                pair % 6 == 5 ? ip(anywhere) : ip(std::string(family) + std::to_string(pair % 6));
            one.destination = ip(std::string(family) + std::to_string(pair / 6));
            one.protocol = protocol;
            one.destination_port = port;
            packets.push_back(one);
          }
        }
      }
    }
  }
  return packets;
}

}  // namespace ravelin::policies::build
