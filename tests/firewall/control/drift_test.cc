// Under which names a process that starts finds what the last one put there.
#include "firewall/control/drift.h"

#include "firewall/control/standing_set.h"
#include "firewall/diff/numbered_name.h"
#include "tests/firewall/ruleset/build.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

const std::string kLongest(31, 'x');

Ruleset wanted() {
  Ruleset ruleset;
  ruleset.sets = {build::set("a", {Field::ip_saddr}), build::set("a_1", {Field::ip_saddr})};
  ruleset.chains = {build::chain("w"), build::chain("w_1"), build::chain(kLongest)};
  return ruleset;
}

TEST(NamedAs, FindsNamesWithAnyNumber) {
  LiveTable table;
  table.sets = {"a_1", "a_12"};
  table.chains = {"w_1", "w_12", numbered_name(kLongest, 345)};
  const Ruleset named = named_as(wanted(), table);
  EXPECT_EQ(named.sets[0].name, "a_12");
  EXPECT_EQ(named.sets[1].name, "a_1");
  EXPECT_EQ(named.chains[0].name, "w_12");
  EXPECT_EQ(named.chains[1].name, "w_1");
  EXPECT_EQ(named.chains[2].name, numbered_name(kLongest, 345));
}

TEST(NamedAs, LeavesNamesThatOthersWantToThem) {
  LiveTable table;
  table.sets = {"a_1"};
  table.chains = {"w_1"};
  const Ruleset named = named_as(wanted(), table);
  EXPECT_EQ(named.sets[0].name, "a");
  EXPECT_EQ(named.chains[0].name, "w");
}

TEST(StandingSet, StandsUnderAnyNumber) {
  Ruleset ruleset;
  for (const std::string& name :
       {std::string("f_x_h4_y"), std::string("f_x_h4_12"), numbered_name(kLongest, 2)}) {
    ruleset.sets.push_back(build::set(name, {Field::ip_saddr}));
    ruleset.sets.back().is_external = true;
  }
  ASSERT_NE(standing(ruleset, "f_x_h4"), nullptr);
  EXPECT_EQ(standing(ruleset, "f_x_h4")->name, "f_x_h4_12");
  ASSERT_NE(standing(ruleset, kLongest), nullptr);
  EXPECT_EQ(standing(ruleset, "f_x"), nullptr);
}

}  // namespace
}  // namespace ravelin::firewall
