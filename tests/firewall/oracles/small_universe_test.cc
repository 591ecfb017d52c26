// Every list of two rules over a small alphabet, and every packet of a small universe: four
// addresses of each family, four ports, three protocols, two interfaces.
#include "tests/firewall/oracles/case.h"
#include "tests/firewall/oracles/text.h"
#include "tests/policies/support/build_policy.h"

#include <gtest/gtest.h>

namespace ravelin::firewall::oracles {
namespace {

using policies::Packet;
using policies::Verb;
using policies::build::addresses;
using policies::build::ip;
using policies::build::kWan;

// 3 verdicts and a rule that decides nothing, of 5 kinds of services, from 3 and to 2 groups; one
// of some interfaces only.
std::vector<policies::Rule> alphabet(int line) {
  constexpr Verb kVerbs[] = {Verb::allow, Verb::deny, Verb::reject, Verb::count};
  constexpr std::string_view kServices[] = {"any", "tcp", "tcp/1-2", "udp/2, tcp/2", "icmp/2"};
  const policies::AddressMatch from[] = {
      {}, addresses({"10.0.0.1", "fd00::1-fd00::2"}), addresses({"10.0.0.0-10.0.0.2"})};
  std::vector<policies::Rule> rules;
  for (const Verb verb : kVerbs) {
    for (const std::string_view services : kServices) {
      for (const policies::AddressMatch& source : from)
        rules.push_back(policies::build::rule(verb, line, services, source));
    }
  }
  rules.push_back(policies::build::allow(line, "tcp/2", {}, addresses({"10.0.0.3", "fd00::3"})));
  rules.push_back(policies::build::deny(line, "any", {}, addresses({"10.0.0.2-10.0.0.3"})));
  rules.push_back(policies::build::allow(line, "udp"));
  rules.back().via = {"ppp*"};
  return rules;
}

std::vector<Packet> every_packet() {
  constexpr std::uint8_t kProtocols[] = {policies::kTcp, policies::kUdp, policies::kIcmp};
  std::vector<Packet> packets;
  for (const std::string_view family : {"10.0.0.", "fd00::"}) {
    for (unsigned pair = 0; pair < 16; ++pair) {
      for (const std::uint8_t protocol : kProtocols) {
        for (std::uint16_t port = 0; port < 4; ++port) {
          Packet one;
          one.in_interface = "eth0";
          one.source = ip(std::string(family) + std::to_string(pair % 4));
          one.destination = ip(std::string(family) + std::to_string(pair / 4));
          one.protocol = protocol;
          one.destination_port = port;
          if ((pair + port) % 4 == 0) one.in_interface = "ppp0";
          packets.push_back(one);
        }
      }
    }
  }
  for (std::size_t i = 0; i < packets.size(); ++i)
    packets[i].source_port = static_cast<std::uint16_t>(1024 + i);
  return packets;
}

TEST(SmallUniverse, EveryPairOfRulesDoesTheSameInEveryOracle) {
  Case asked;
  asked.policy = policies::build::two_zones();
  asked.policy.zones[kWan].interfaces = {"eth0", "ppp*"};
  asked.policy.lists = {policies::build::list({kWan}, {policies::kHost}, {})};
  asked.packets = every_packet();
  const std::vector<policies::Rule> firsts = alphabet(10), seconds = alphabet(11);
  for (const policies::Rule& first : firsts) {
    for (const policies::Rule& second : seconds) {
      asked.policy.lists[0].rules = {first, second};
      const auto found = disagreement(asked);
      if (!found) continue;
      asked.packets = {asked.packets[found->packet]};
      FAIL() << disagreement_text(asked, {0, found->by_policy, found->by_ruleset});
    }
  }
}

}  // namespace
}  // namespace ravelin::firewall::oracles
