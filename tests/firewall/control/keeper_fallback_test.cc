// What cannot be put back, and who gets in then.
#include "firewall/control/fallback.h"
#include "firewall/control/last_resort.h"
#include "policies/model/meaning.h"
#include "tests/firewall/control/keeper_life.h"

#include <filesystem>

namespace ravelin::firewall {
namespace {

TEST_F(KeeperTest, WithoutItsConfirmedRevisionOnlyManagementGetsIn) {
  ASSERT_TRUE(apply("tcp/80"));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  kernel_.lose_table();
  start();
  EXPECT_EQ(open_ports(), Ports{22});
  EXPECT_TRUE(keeper().is_fallback());
  EXPECT_NE(said_.back().find("nobody but management gets in"), std::string::npos);
  kernel_.lose_table();
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(open_ports(), Ports{22});
  ASSERT_TRUE(apply("tcp/443"));
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_FALSE(keeper().is_fallback());
}

TEST_F(KeeperTest, WithoutKnowingWhatIsConfirmedOnlyManagementGetsIn) {
  for (const bool is_file : {true, false}) {
    ASSERT_TRUE(apply("tcp/80"));
    std::filesystem::remove(temp_.path("firewall/confirmed"));
    if (is_file)
      temp_.write("firewall/confirmed", "\x01");
    else
      std::filesystem::create_directory(temp_.path("firewall/confirmed"));
    kernel_.lose_table();
    start();
    EXPECT_EQ(open_ports(), Ports{22});
    EXPECT_TRUE(keeper().is_fallback());
    EXPECT_NE(said_.front().find("nobody but management gets in"), std::string::npos);
    if (!is_file) std::filesystem::remove(temp_.path("firewall/confirmed"));
  }
  temp_.write("firewall/confirmed", "\x01");
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{22});
  ASSERT_TRUE(apply("tcp/443"));  // the way out
  start();
  EXPECT_EQ(open_ports(), Ports{443});
}

TEST_F(KeeperTest, WhatWaitsAndIsDamagedIsUndone) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  temp_.write("firewall/revisions/2/bundle.json", "{");
  start();
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().pending(), std::nullopt);
}

TEST_F(KeeperTest, WithoutAStateDirectoryTheLastResortIsPutWhereThereIsNoTable) {
  EXPECT_TRUE(*put_last_resort(kernel_));
  EXPECT_EQ(open_ports(), Ports{22});
  start();  // the directory is back, and nothing was confirmed
  EXPECT_FALSE(kernel_.table());
  ASSERT_TRUE(apply("tcp/80"));
  EXPECT_FALSE(*put_last_resort(kernel_));
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, HealingNeedsNoDisk) {
  ASSERT_TRUE(apply("tcp/80"));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  kernel_.lose_table();
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().live_revision(), 1U);
}

TEST_F(KeeperTest, ATableThatIsGoneAndNotTakenAgainLetsOnlyManagementIn) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.lose_table();
  kernel_.fail_after(0);
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(open_ports(), Ports{22});
  EXPECT_TRUE(keeper().is_fallback());
  EXPECT_NE(keeper().take_notes().front().find("nobody but management"), std::string::npos);
}

TEST_F(KeeperTest, WhatIsNotConfirmedGoesAlsoWhenTheConfirmedRevisionIsDamaged) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  times_.advance(60s);
  const auto undone = keeper().tick();
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_NE((*undone)->find("nobody but management gets in"), std::string::npos) << **undone;
  EXPECT_EQ(open_ports(), Ports{22});
  EXPECT_TRUE(keeper().is_fallback());
  EXPECT_EQ(keeper().pending(), std::nullopt);
}

TEST(Fallback, LetsInWhatManagementNames) {
  policies::Management management;
  management.services = {{policies::kTcp, 2222, 2222}};
  management.from.is_restricted = true;
  management.from.ranges = {policies::range_of(*base::parse_prefix("10.9.0.0/24"))};
  const PolicyBundle bundle = management_only(management, Forwarding::left_alone);
  const auto policy = policy_of(bundle);
  ASSERT_TRUE(policy) << policy.error().message;
  ASSERT_EQ(policy->lists.size(), 1U);
  const policies::Rule& rule = policy->lists.front().rules.front();
  EXPECT_EQ(rule.services, management.services);
  EXPECT_EQ(rule.from.ranges, management.from.ranges);
  EXPECT_TRUE(lets_anybody_in(*policy));
}

TEST(Fallback, LetsInNobodyWhenManagementNamesNobody) {
  policies::Management management;
  management.from.is_restricted = true;
  const auto policy = policy_of(management_only(management, Forwarding::denied));
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_FALSE(lets_anybody_in(*policy));
}

TEST(Fallback, ForwardsNothingWhereThePolicyDidNotLeaveItToOthers) {
  const auto denied = policy_of(management_only(std::nullopt, Forwarding::denied));
  ASSERT_TRUE(denied) << denied.error().message;
  EXPECT_TRUE(policies::forwards(*denied));
  EXPECT_EQ(denied->lists.back().rules.front().verb, policies::Verb::deny);
  EXPECT_TRUE(lets_anybody_in(*denied));
  EXPECT_FALSE(
      policies::forwards(*policy_of(management_only(std::nullopt, Forwarding::left_alone))));
}

// A router: whatever is lost of it, from one network to the other nothing passes unfiltered.
class Router : public KeeperTest {
 protected:
  static PolicyBundle routed() {
    PolicyBundle bundle = policy("tcp/80");
    std::string& text = bundle.files["/p.yaml"].text;
    text.insert(text.find("bans:"), "  lan: { interfaces: [eth1] }\n");
    text += "  lan -> wan:\n    - allow: tcp/443\n";
    return bundle;
  }

  [[nodiscard]] bool is_forwarding_governed() const {
    const auto& chains = kernel_.table()->chains;
    return std::any_of(chains.begin(), chains.end(), [](const auto& chain) {
      return chain.second.hook && chain.second.hook->type == Hook::Type::filter &&
             chain.second.hook->point == Hook::Point::forward &&
             chain.second.hook->policy == Hook::Policy::drop;
    });
  }
};

TEST_F(Router, WithoutItsConfirmedRevisionForwardsNothing) {
  for (const bool is_fallback_there : {true, false}) {
    ASSERT_TRUE(keeper().apply(routed(), {{}, "tester"}));
    ASSERT_TRUE(is_forwarding_governed());
    temp_.write(fmt::format("firewall/revisions/{}/bundle.json", keeper().live_revision()), "{");
    if (!is_fallback_there) std::filesystem::remove(temp_.path("firewall/fallback.json"));
    start();
    EXPECT_TRUE(keeper().is_fallback());
    EXPECT_EQ(open_ports(), Ports{22});
    EXPECT_TRUE(is_forwarding_governed()) << is_fallback_there;
  }
}

TEST_F(Router, WhatToFallBackToIsMadeAnewWhenItIsDamaged) {
  ASSERT_TRUE(keeper().apply(routed(), {{}, "tester"}));
  temp_.write("firewall/fallback.json", "{");
  start();
  EXPECT_TRUE(said_.empty());
  temp_.write("firewall/revisions/1/bundle.json", "{");
  start();
  EXPECT_TRUE(is_forwarding_governed());
}

TEST_F(KeeperTest, WhereThePolicyForwardsNothingTheFallbackLeavesForwardingToOthers) {
  ASSERT_TRUE(apply("tcp/80"));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  start();
  EXPECT_TRUE(keeper().is_fallback());
  for (const auto& [name, chain] : kernel_.table()->chains)
    EXPECT_FALSE(chain.hook && chain.hook->point == Hook::Point::forward) << name;
}

}  // namespace
}  // namespace ravelin::firewall
