// Bans on their way from the book to the sets of the kernel.
#include "base/text.h"
#include "firewall/control/keeper.h"
#include "firewall/control/standing_set.h"
#include "tests/firewall/control/keeper_life.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::firewall {
namespace {

TEST_F(KeeperTest, BansTheKernelRefusesAreNotInTheBook) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.fail_next_at(0);
  EXPECT_FALSE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
  EXPECT_TRUE(keeper().bans().list(times_.wall()).empty());
  const auto never = keeper().ban({*base::parse_prefix("192.0.2.77"), 600s, "", "root", ""});
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, base::Errc::denied);
}

TEST_F(KeeperTest, ManyBansAreOneTransaction) {
  ASSERT_TRUE(apply("tcp/80"));
  const std::size_t before = kernel_.transactions();
  std::vector<BanOrder> orders;
  orders.reserve(100);
  for (int i = 0; i < 100; ++i)
    orders.push_back(
        {*base::parse_prefix(fmt::format("203.0.113.{}", i % 50)), 600s, "", "root", ""});
  const auto answers = keeper().ban_all(orders);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(kernel_.transactions(), before + 1);
  EXPECT_EQ(keeper().bans().list(times_.wall()).size(), 50U);
}

TEST_F(KeeperTest, WhatIsBannedIsToldOnceForItsFlows) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
  EXPECT_FALSE(keeper().ban({*base::parse_prefix("192.0.2.77"), 600s, "", "root", ""}));
  EXPECT_EQ(keeper().take_fresh_bans(), std::vector{*base::parse_prefix("203.0.113.9")});
  EXPECT_TRUE(keeper().take_fresh_bans().empty());
}

BanOrder ban_order(std::string_view target, std::chrono::seconds duration) {
  return {*base::parse_prefix(target), duration, "", "root", ""};
}

// "203.0.113.0/24 1h": what a set of ranges holds.
std::vector<std::string> ranges_in(const FakeKernel& kernel, std::string_view name) {
  std::vector<std::string> ranges;
  const Ruleset ruleset = kernel.ruleset();
  for (const Element& element : ruleset.find_set(name)->elements) {
    policies::AddressRange range;
    std::ranges::copy(element.key, range.first.bytes.begin());
    std::ranges::copy(element.key_end, range.last.bytes.begin());
    if (element.key.size() == 16) range.first.family = range.last.family = base::Family::ipv6;
    ranges.push_back(fmt::format("{} {}", policies::to_string(range),
                                 base::format_duration(element.timeout.value())));
  }
  return ranges;
}

using Texts = std::vector<std::string>;

TEST_F(KeeperTest, RangesMayBeBannedInsideEachOther) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().ban(ban_order("203.0.113.0/24", 2h)));
  ASSERT_TRUE(keeper().ban(ban_order("203.0.112.0/22", 1h)));
  const Texts parts{"203.0.112.0/24 1h", "203.0.113.0/24 2h", "203.0.114.0/23 1h"};
  EXPECT_EQ(ranges_in(kernel_, "ban4_net"), parts);
  EXPECT_TRUE(keeper().drift()->empty());
  ASSERT_TRUE(keeper().ban(ban_order("203.0.112.0/22", 3h)));
  EXPECT_EQ(ranges_in(kernel_, "ban4_net"), Texts{"203.0.112.0/22 3h"});
  ASSERT_TRUE(keeper().save_bans());
  kernel_.lose_table();
  start();
  EXPECT_EQ(ranges_in(kernel_, "ban4_net"), Texts{"203.0.112.0/22 3h"});
  ASSERT_TRUE(keeper().unban(*base::parse_prefix("203.0.112.0/22")));
  EXPECT_TRUE(ranges_in(kernel_, "ban4_net").empty());
}

TEST_F(KeeperTest, TheLinksOfThisHostAreNotBanned) {
  keeper().never_ban({policies::range_of(*base::parse_prefix("2001:db8:9:1::7")),
                      policies::range_of(*base::parse_prefix("203.0.113.7"))});
  ASSERT_TRUE(apply("tcp/80"));
  for (const char* target : {"203.0.113.7", "2001:db8:9:1::7", "2001:db8:9:1::8",
                             "2001:db8:9:1::/64", "2001:db8:9::/48", "fe80::8"}) {
    const auto answer = keeper().ban(ban_order(target, 1h));
    ASSERT_FALSE(answer) << target;
    EXPECT_EQ(answer.error().code, base::Errc::denied) << target;
  }
  for (const char* target : {"203.0.113.0/24", "203.0.113.8", "2001:db8:9:2::8"})
    EXPECT_TRUE(keeper().ban(ban_order(target, 1h))) << target;
}

TEST_F(KeeperTest, SitesAreBannedUnderARangeThatIsBannedAlready) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().ban(ban_order("2001:db8:1::/48", 1h)));
  std::vector<BanOrder> orders;
  for (std::size_t i = 0; i < BanBook::kEscalateAt; ++i)
    orders.push_back(ban_order(fmt::format("2001:db8:1:{:x}::/64", i), 2h));
  const auto answers = keeper().ban_all(orders);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back()->target, *base::parse_prefix("2001:db8:1::/56"));
  EXPECT_EQ(ranges_in(kernel_, "ban6_net").front(), "2001:db8:1::/56 2h");
}

TEST_F(KeeperTest, AClockThatIsSetBackLeavesNoOverlap) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().ban(ban_order("203.0.113.0/24", 1h)));
  times_.advance(90min);
  ASSERT_TRUE(keeper().ban(ban_order("203.0.112.0/22", 1h)));
  ASSERT_TRUE(keeper().save_bans());
  times_.set_wall(-80min);
  kernel_.lose_table();
  start();
  EXPECT_FALSE(keeper().is_fallback());
  EXPECT_EQ(ranges_in(kernel_, "ban4_net"), Texts{"203.0.112.0/22 140m"});
}

TEST_F(KeeperTest, WhatTheKernelDoesNotTakeOfOneBanCostsNoOther) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.fail_next_at(0);
  const auto answers =
      keeper().ban_all({ban_order("203.0.113.9", 10min), ban_order("203.0.113.10", 10min)});
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_TRUE(answers->front() && answers->back());
  EXPECT_EQ(keeper().bans().list(times_.wall()).size(), 2U);
}

TEST_F(KeeperTest, ASetThatBecameTooSmallHoldsWhatLastsLongest) {
  ASSERT_TRUE(apply("tcp/80"));
  for (int i = 1; i <= 20; ++i)
    ASSERT_TRUE(keeper().ban(ban_order(fmt::format("203.0.113.{}", i), std::chrono::hours(i))));
  PolicyBundle smaller = policy("tcp/80");
  std::string& text = smaller.files["/p.yaml"].text;
  text.replace(text.find("bans: {"), 7, "bans: { size: 16,");
  ASSERT_TRUE(keeper().apply(std::move(smaller), {{}, "tester"}));
  const Ruleset ruleset = kernel_.ruleset();
  const Set* hosts = standing(ruleset, "ban4");
  ASSERT_NE(hosts, nullptr);
  EXPECT_EQ(hosts->elements.size(), 16U);
  EXPECT_TRUE(*kernel_.find(hosts->name, {203, 0, 113, 20}));
  EXPECT_FALSE(*kernel_.find(hosts->name, {203, 0, 113, 4}));
}

}  // namespace
}  // namespace ravelin::firewall
