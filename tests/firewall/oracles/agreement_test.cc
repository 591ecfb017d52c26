// The simulator of policies and the simulator of rulesets, which share no code, on random policies
// and packets. RAVELIN_ORACLE_POLICIES says how many policies, RAVELIN_ORACLE_SEED where to begin.
#include "base/text.h"
#include "tests/firewall/oracles/random_case.h"
#include "tests/firewall/oracles/shrink.h"
#include "tests/firewall/oracles/text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace ravelin::firewall::oracles {
namespace {

constexpr std::size_t kPackets = 100;

std::uint32_t setting(const char* name, std::uint32_t otherwise) {
  const char* text = std::getenv(name);
  const auto number = base::parse_u64(text == nullptr ? "" : text);
  return number ? static_cast<std::uint32_t>(*number) : otherwise;
}

TEST(Oracles, AgreeOnRandomPolicies) {
  const std::uint32_t policies = setting("RAVELIN_ORACLE_POLICIES", 300);
  const std::uint32_t seed = setting("RAVELIN_ORACLE_SEED", 1);
  for (std::uint32_t i = 0; i < policies; ++i) {
    Case asked = RandomCases(seed + i).next(kPackets);
    if (!disagreement(asked)) continue;
    asked = shrunk(std::move(asked), [](const Case& one) { return disagreement(one).has_value(); });
    FAIL() << "seed " << seed + i << ":\n" << disagreement_text(asked, *disagreement(asked));
  }
}

// So that agreement means something: what random packets meet is every kind of end.
TEST(Oracles, RandomPacketsMeetEveryEnd) {
  std::map<policies::Decider, int> ends;
  int banned = 0, turned = 0, rejected = 0;
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    const Case asked = RandomCases(seed).next(kPackets);
    policies::SimulationState state = simulation_state_of(asked);
    for (const policies::Packet& packet : asked.packets) {
      const policies::Fate fate = policies::simulate(asked.policy, packet, state);
      ++ends[fate.decider];
      banned += fate.causes_ban ? 1 : 0;
      turned += fate.dnat_port ? 1 : 0;
      rejected += fate.verdict == policies::Verdict::reject ? 1 : 0;
    }
  }
  for (int end = 0; end <= static_cast<int>(policies::Decider::default_allow); ++end)
    EXPECT_GT(ends[static_cast<policies::Decider>(end)], 5) << "decider " << end;
  EXPECT_GT(ends[policies::Decider::rule], 500);
  EXPECT_GT(banned, 10);
  EXPECT_GT(turned, 20);
  EXPECT_GT(rejected, 100);
}

}  // namespace
}  // namespace ravelin::firewall::oracles
