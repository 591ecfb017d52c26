// Each mistake in seeded_bug.cc makes the oracles disagree on some random policy: what they would
// not see could as well be in the compiler.
#include "tests/firewall/oracles/random_case.h"
#include "tests/firewall/oracles/seeded_bug.h"

#include <gtest/gtest.h>

namespace ravelin::firewall::oracles {
namespace {

constexpr std::uint32_t kPolicies = 1500;
constexpr std::size_t kSeededPackets = 100;

class SeededBugs : public testing::TestWithParam<SeededBug> {};

TEST_P(SeededBugs, AreCaught) {
  const SeededBug& bug = GetParam();
  for (std::uint32_t seed = 1; seed <= kPolicies; ++seed) {
    const Case asked = RandomCases(seed).next(kSeededPackets);
    Case misread = asked;
    if (bug.misread != nullptr) bug.misread(misread.policy);
    Ruleset ruleset = compile(misread.policy, options_of(misread)).ruleset;
    if (bug.spoil != nullptr) bug.spoil(ruleset);
    if (disagreement(asked, ruleset)) return;
  }
  ADD_FAILURE() << "no oracle sees it";
}

INSTANTIATE_TEST_SUITE_P(Each, SeededBugs, testing::ValuesIn(seeded_bugs()),
                         [](const auto& given) { return std::string(given.param.name); });

TEST(SeededBugList, HasTwentyAtLeast) {
  EXPECT_GE(seeded_bugs().size(), 20U);
}

}  // namespace
}  // namespace ravelin::firewall::oracles
