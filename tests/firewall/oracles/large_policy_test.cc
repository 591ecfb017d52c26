// Large policies compile in time, to a few lookups, and to what they say.
#include "tests/firewall/compile/large_policy.h"

#include "tests/firewall/oracles/case.h"
#include "tests/firewall/oracles/text.h"

#include <gtest/gtest.h>

#include <chrono>

namespace ravelin::firewall::oracles {
namespace {

using policies::Packet;
using policies::Policy;

constexpr LargeShape kShapes[] = {LargeShape::networks_and_ranges, LargeShape::hosts_and_ports,
                                  LargeShape::services};
constexpr int kLookupsMax = 8;

// Rules of all shapes, in turn.
Policy mixed_policy(int rules, std::uint32_t seed) {
  std::mt19937 random(seed);
  Policy policy = large_policy(LargeShape::services, 0);
  for (int i = 0; i < rules; ++i)
    policy.lists[0].rules.push_back(large_rule(random, kShapes[i % 3], 10 + i));
  return policy;
}

// Half of them at the edges of rules.
std::vector<Packet> packets_for(const Policy& policy, std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Packet> packets;
  const auto& rules = policy.lists[0].rules;
  while (packets.size() < count) {
    const policies::Rule& rule = rules[random() % rules.size()];
    const policies::ServiceTerm& term = rule.services.front();
    Packet packet;
    packet.in_interface = "eth0";
    packet.source = {.family = base::Family::ipv4};
    packet.source.bytes = {10, static_cast<std::uint8_t>(random() % 16),
                           static_cast<std::uint8_t>(random()),
                           static_cast<std::uint8_t>(random())};
    if (rule.from.is_restricted)
      packet.source = random() % 2 == 0 ? rule.from.ranges[0].first : rule.from.ranges[0].last;
    packet.destination = *base::parse_ip("192.0.2.1");
    packet.protocol = term.protocol;
    packet.destination_port = static_cast<std::uint16_t>(
        random() % 2 == 0 ? term.first - random() % 2 : term.last + random() % 2);
    packet.source_port = static_cast<std::uint16_t>(1024 + packets.size());
    packets.push_back(packet);
  }
  return packets;
}

int worst(const Compiled& compiled, bool& has_plain) {
  int lookups = 0;
  for (const PairDepth& depth : compiled.depth) {
    lookups = std::max(lookups, depth.lookups);
    has_plain = has_plain || depth.plain_rules != 0;
  }
  return lookups;
}

void expect_shallow(const char* name, const Policy& policy) {
  const auto start = std::chrono::steady_clock::now();
  const Compiled compiled = compile(policy, {});
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  bool has_plain = false;
  const int lookups = worst(compiled, has_plain);
  std::size_t elements = 0;
  for (const Set& set : compiled.ruleset.sets)
    elements += set.elements.size();
  std::printf("%s: %zu rules, %lld ms, %d lookups, %zu elements\n", name,
              policy.lists[0].rules.size(), static_cast<long long>(took.count()), lookups,
              elements);
  EXPECT_LE(lookups, kLookupsMax) << name;
  EXPECT_FALSE(has_plain) << name;
}

TEST(LargePolicy, TakesAFewLookups) {
  constexpr int kRules = 10'000;
  expect_shallow("networks and ranges", large_policy(kShapes[0], kRules));
  expect_shallow("hosts and ports", large_policy(kShapes[1], kRules));
  expect_shallow("services", large_policy(kShapes[2], kRules));
  expect_shallow("all of them in turn", mixed_policy(kRules, 1));
}

TEST(LargePolicy, DoesTheSameInBothOracles) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    Case asked;
    asked.policy = seed % 2 == 0 ? mixed_policy(600, seed) : large_policy(kShapes[0], 1500, seed);
    asked.packets = packets_for(asked.policy, 400, seed);
    const auto found = disagreement(asked);
    if (!found) continue;
    FAIL() << "seed " << seed << ": " << trip_text(asked.packets[found->packet])
           << "\npolicy:  " << to_string(found->by_policy)
           << "\nruleset: " << to_string(found->by_ruleset);
  }
}

}  // namespace
}  // namespace ravelin::firewall::oracles
