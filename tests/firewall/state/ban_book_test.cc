#include "firewall/state/ban_book.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace ravelin::firewall {
namespace {

using namespace std::chrono_literals;
using base::IpPrefix;

constexpr sys_seconds kNow{1'800'000'000s};

IpPrefix prefix(std::string_view text) {
  return *base::parse_prefix(text);
}

BanOrder order(std::string_view target, std::optional<seconds> duration = {}) {
  return {prefix(target), duration, "scanner", "root", ""};
}

BanOrder by_gateway(std::string_view target, seconds duration) {
  return {prefix(target), duration, "flood", "gateway", "r-1"};
}

BanBook book(policies::Bans rules = {}) {
  BanBook made;
  rules.never = {policies::range_of(prefix("198.51.100.0/28"))};
  static_cast<void>(made.set_rules(rules, {policies::range_of(prefix("10.0.0.0/8"))}));
  return made;
}

TEST(BanBook, ABanLastsAsLongAsAskedOrAsThePolicySays) {
  BanBook bans = book();
  EXPECT_EQ(bans.ban(order("203.0.113.9", 10min), kNow)->ban.until, kNow + 10min);
  EXPECT_EQ(bans.ban(order("203.0.113.10"), kNow)->ban.until, kNow + 1h);
  EXPECT_TRUE(bans.find(*base::parse_ip("203.0.113.9"), kNow + 599s));
  EXPECT_FALSE(bans.find(*base::parse_ip("203.0.113.9"), kNow + 600s));
  EXPECT_FALSE(bans.find(*base::parse_ip("203.0.113.8"), kNow));
}

TEST(BanBook, RepeatsLastLongerUpToTheMost) {
  BanBook bans = book({.duration = 1h, .repeat_factor = 4, .duration_max = 10h});
  sys_seconds now = kNow;
  for (const seconds expected : {seconds(1h), seconds(4h), seconds(10h), seconds(10h)}) {
    const auto change = bans.ban(order("203.0.113.9"), now);
    EXPECT_EQ(change->ban.until - now, expected);
    now = change->ban.until;  // again, right after it
  }
}

TEST(BanBook, ABanAskedForAgainWhileItLastsIsOneOffence) {
  BanBook bans = book();
  EXPECT_EQ(bans.ban(order("203.0.113.9", 2h), kNow)->ban.until, kNow + 2h);
  const auto again = bans.ban(order("203.0.113.9", 1h), kNow + 30min);
  EXPECT_EQ(again->ban.until, kNow + 2h);  // never shorter
  EXPECT_EQ(again->ban.times, 1);
  EXPECT_EQ(again->ban.since, kNow);
}

TEST(BanBook, TheGatewayRewritesNoBanGivenByHand) {
  BanBook bans = book();
  ASSERT_TRUE(bans.ban(order("203.0.113.9", 2h), kNow));
  const auto shorter = bans.ban(by_gateway("203.0.113.9", 1h), kNow);
  EXPECT_EQ(shorter->ban, *bans.find(*base::parse_ip("203.0.113.9"), kNow));
  EXPECT_EQ(shorter->ban.until, kNow + 2h);
  for (const seconds longer : {seconds(3h), seconds(4h)}) {
    const auto change = bans.ban(by_gateway("203.0.113.9", longer), kNow);
    EXPECT_EQ(change->ban.until, kNow + longer);
    EXPECT_EQ(change->ban.by + " " + change->ban.reason, "root scanner");
  }
  ASSERT_TRUE(bans.ban(by_gateway("203.0.113.10", 1h), kNow));
  EXPECT_EQ(bans.ban(order("203.0.113.10", 2h), kNow)->ban.by, "root");
  EXPECT_EQ(bans.ban(by_gateway("203.0.113.9", 1h), kNow + 4h)->ban.by, "gateway");  // it is over
}

TEST(BanBook, OnlyWhoBansByHandMayGoBeyondTheMost) {
  BanBook bans = book({.duration_max = 10h});
  EXPECT_EQ(bans.ban(by_gateway("203.0.113.9", 24h), kNow)->ban.until, kNow + 10h);
  EXPECT_EQ(bans.ban(order("203.0.113.10", 24h), kNow)->ban.until, kNow + 24h);
}

TEST(BanBook, EscalationLeavesWhatWasBannedByHand) {
  BanBook bans = book();
  ASSERT_TRUE(bans.ban(order("2001:db8:1::/64", 1h), kNow));
  ASSERT_TRUE(bans.ban(order("2001:db8:1:80::/60", 1h), kNow));
  ASSERT_TRUE(bans.ban(order("2001:db8:1::/56", 2h), kNow));
  BanBook::Change last;
  for (std::size_t i = 0; i < BanBook::kEscalateAt; ++i)
    last = *bans.ban(by_gateway(fmt::format("2001:db8:1:{:x}::/64", i), 3h), kNow);
  EXPECT_EQ(last.ban.target, prefix("2001:db8:1::/56"));
  EXPECT_EQ(last.ban.until, kNow + 3h);
  EXPECT_EQ(last.ban.by, "root");
  EXPECT_EQ(bans.list(kNow).size(), 3U);
  bans.undo(last);
  EXPECT_EQ(bans.list(kNow).size(), 3 + BanBook::kEscalateAt - 2);
}

TEST(BanBook, RepeatsAreForgottenInTime) {
  BanBook bans = book();
  static_cast<void>(bans.ban(order("203.0.113.9"), kNow));
  bans.expire(kNow + 1h + 59min);
  EXPECT_EQ(bans.ban(order("203.0.113.9"), kNow + 1h + 59min)->ban.times, 2);
  bans.expire(kNow + 24h);
  EXPECT_EQ(bans.ban(order("203.0.113.9"), kNow + 24h)->ban.times, 1);
}

TEST(BanBook, WhatHasEndedIsForgottenByItself) {
  BanBook bans = book();
  for (int i = 0; i < 5000; ++i)
    ASSERT_TRUE(
        bans.ban(order(fmt::format("203.0.{}.{}", i / 250, 1 + i % 250), 1s),
                 kNow + seconds(i)));  // the ban before it is remembered for one second more
  EXPECT_LT(bans.format().size(), 1000U);
  EXPECT_EQ(bans.expire(kNow + 5001s), 2U);
  EXPECT_EQ(bans.format(), "[]\n");
}

TEST(BanBook, OfWhatHasEndedAsManyAreRememberedAsMayBeBanned) {
  BanBook bans = book({.size = 1500});
  const auto address = [](int i) { return fmt::format("203.0.{}.{}", i / 250, 1 + i % 250); };
  for (int i = 0; i < 1500; ++i)
    ASSERT_TRUE(bans.ban(order(address(i), 6h), kNow)) << i;
  for (int i = 1500; i < 3000; ++i)
    ASSERT_TRUE(bans.ban(order(address(i), 1h), kNow + 6h)) << i;
  EXPECT_EQ(bans.expire(kNow + 7h), 1500U) << "the first that would be forgotten";
  EXPECT_EQ(bans.ban(order(address(0)), kNow + 7h)->ban.times, 2);
  EXPECT_EQ(bans.ban(order(address(2999)), kNow + 7h)->ban.times, 1);
}

// The same book, kept in the plainest way.
class PlainBook {
 public:
  void ban(const Ban& ban) { bans_.insert_or_assign(ban.target, ban); }

  void unban(const IpPrefix& target) { bans_.erase(target); }

  [[nodiscard]] std::vector<Ban> list(sys_seconds now) const {
    std::vector<Ban> live;
    for (const auto& [target, ban] : bans_)
      if (now < ban.until) live.push_back(ban);
    return live;
  }

  [[nodiscard]] std::size_t count(base::Family family, sys_seconds now, bool only_ranges) const {
    std::size_t count = 0;
    for (const Ban& ban : list(now))
      count +=
          ban.target.address.family == family && (!only_ranges || is_range(ban.target)) ? 1 : 0;
    return count;
  }

  // How often it counts as banned, were it banned now.
  [[nodiscard]] int times(const IpPrefix& target, sys_seconds now) const {
    const auto known = bans_.find(target);
    if (known == bans_.end()) return 1;
    const Ban& ban = known->second;
    if (now < ban.until) return ban.times;
    return now < ban.until + (ban.until - ban.since) ? ban.times + 1 : 1;
  }

 private:
  std::map<IpPrefix, Ban> bans_;
};

TEST(BanBook, CountsAndForgetsAsIfItLookedAtAllOfItEachTime) {
  std::mt19937 random(26);
  const auto below = [&random](unsigned n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 20; ++round) {
    BanBook bans = book();
    PlainBook plain;
    sys_seconds now = kNow;
    for (int step = 0; step < 400; ++step) {
      const std::string texts[] = {fmt::format("203.0.113.{}", below(20)),
                                   fmt::format("192.0.{}.0/24", below(8)),
                                   fmt::format("2001:db8:{}::/64", below(12))};
      const IpPrefix target = prefix(texts[below(3)]);
      const int what = below(10);
      if (what < 6) {
        const int times = plain.times(target, now);
        const auto change = bans.ban({target, seconds(1 + below(20)), "scanner", "root", ""}, now);
        ASSERT_TRUE(change);
        ASSERT_EQ(change->ban.times, times) << base::to_string(target);
        if (what == 0)
          bans.undo(*change);
        else
          plain.ban(change->ban);
      } else if (what == 6) {
        for (const Ban& gone : bans.unban(target))
          plain.unban(gone.target);
      } else if (what == 7) {
        bans.expire(now);
      } else {
        now += seconds(below(10));
      }
      ASSERT_EQ(bans.list(now), plain.list(now)) << round << ", " << step;
      for (const base::Family family : {base::Family::ipv4, base::Family::ipv6}) {
        ASSERT_EQ(bans.count(family, now), plain.count(family, now, false))
            << round << ", " << step;
        ASSERT_EQ(bans.ranges(family, now).size(), plain.count(family, now, true));
      }
    }
  }
}

struct RefusedCase {
  const char* target;
  const char* part;
};

TEST(BanBook, WhatMustNotBeCutOffIsRefused) {
  const RefusedCase cases[] = {
      {"198.51.100.7", "198.51.100.7 is never banned"},
      {"198.51.100.0/24", "198.51.100.0/28 is on a list"},
      {"10.1.2.3", "never banned"},
      {"0.0.0.0/0", "never banned"},
      {"128.0.0.0/4", "too wide"},
      {"2001::/16", "too wide"},
      {"fe80::1", "fe80::/64 is unspecified, multicast or link-local"},
      {"fe80::/32", "link-local"},
      {"::", "link-local"},
      {"ff02::1", "multicast"},
      {"224.0.0.1", "multicast"},
      {"0.0.0.0", "unspecified"},
  };
  for (const RefusedCase& row : cases) {
    BanBook bans = book();
    const auto change = bans.ban(order(row.target), kNow);
    ASSERT_FALSE(change) << row.target;
    EXPECT_NE(change.error().message.find(row.part), std::string::npos) << change.error().message;
    EXPECT_TRUE(bans.list(kNow).empty());
  }
}

TEST(BanBook, IPv6IsBannedBySite) {
  BanBook bans = book();
  EXPECT_EQ(bans.ban(order("2001:db8:1:2:3::4"), kNow)->ban.target, prefix("2001:db8:1:2::/64"));
  EXPECT_TRUE(bans.find(*base::parse_ip("2001:db8:1:2::99"), kNow));
}

TEST(BanBook, ManySitesOfOnePrefixBanThePrefix) {
  BanBook bans = book();
  BanBook::Change last;
  for (std::size_t i = 0; i < BanBook::kEscalateAt; ++i)
    last = *bans.ban(order(fmt::format("2001:db8:1:{:x}::/64", i), seconds(1h) * (i + 1)), kNow);
  EXPECT_EQ(last.ban.target, prefix("2001:db8:1::/56"));
  EXPECT_EQ(last.ban.by, "escalation");
  EXPECT_EQ(last.replaced.size(), BanBook::kEscalateAt);
  EXPECT_EQ(last.ban.until, kNow + 8h);  // the longest of them
  EXPECT_EQ(bans.list(kNow).size(), 1U);
  EXPECT_TRUE(bans.find(*base::parse_ip("2001:db8:1:ff::1"), kNow));
}

TEST(BanBook, ManyPrefixesBanTheNextWiderOne) {
  BanBook bans = book();
  BanBook::Change last;
  for (std::size_t i = 0; i < BanBook::kEscalateAt; ++i)
    last = *bans.ban(order(fmt::format("2001:db8:1:{:x}00::/56", i)), kNow);
  EXPECT_EQ(last.ban.target, prefix("2001:db8:1::/48"));
}

TEST(BanBook, EscalationStopsAtWhatIsNeverBanned) {
  BanBook bans;
  static_cast<void>(bans.set_rules({}, {policies::range_of(prefix("2001:db8:1:80::/64"))}));
  BanBook::Change last;
  for (std::size_t i = 0; i < 2 * BanBook::kEscalateAt; ++i)
    last = *bans.ban(order(fmt::format("2001:db8:1:{:x}::/64", i)), kNow);
  EXPECT_EQ(last.ban.target.length, 64);
}

TEST(BanBook, WhatTheKernelRefusedIsUndone) {
  BanBook bans = book();
  for (std::size_t i = 0; i + 1 < BanBook::kEscalateAt; ++i)
    ASSERT_TRUE(bans.ban(order(fmt::format("2001:db8:1:{:x}::/64", i)), kNow));
  ASSERT_TRUE(bans.ban(order("203.0.113.9", 1h), kNow));
  const std::vector<Ban> before = bans.list(kNow);
  for (const char* target : {"2001:db8:1:ff::/64", "203.0.113.9", "203.0.113.10"}) {
    const auto change = bans.ban(order(target, 2h), kNow);
    EXPECT_NE(bans.list(kNow), before);
    bans.undo(*change);
    EXPECT_EQ(bans.list(kNow), before) << target;
  }
}

TEST(BanBook, UnbanTakesOutAllThatCoversTheAddress) {
  BanBook bans = book();
  static_cast<void>(bans.ban(order("203.0.113.9"), kNow));
  static_cast<void>(bans.ban(order("203.0.113.0/24"), kNow));
  static_cast<void>(bans.ban(order("203.0.114.1"), kNow));
  EXPECT_EQ(bans.unban(prefix("203.0.113.9")).size(), 2U);
  EXPECT_EQ(bans.list(kNow).size(), 1U);
}

TEST(BanBook, AFullBookSaysSo) {
  BanBook bans = book({.size = 2});
  EXPECT_TRUE(bans.ban(order("203.0.113.1"), kNow));
  EXPECT_TRUE(bans.ban(order("203.0.113.2"), kNow));
  EXPECT_TRUE(bans.ban(order("203.0.113.2"), kNow));  // known already
  const auto third = bans.ban(order("203.0.113.3"), kNow);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, base::Errc::unavailable);
  EXPECT_TRUE(bans.ban(order("203.0.113.3"), kNow + 2h));  // the others have ended
}

TEST(BanBook, MoreRangesThanTheKernelTakesAreRefused) {
  BanBook bans = book();
  const auto range = [](std::size_t i) { return fmt::format("100.{}.{}.0/24", i / 256, i % 256); };
  for (std::size_t i = 0; i < BanBook::kRangesMax; ++i)
    ASSERT_TRUE(bans.ban(order(range(i)), kNow));
  const auto more = bans.ban(order("203.0.113.0/24"), kNow);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, base::Errc::unavailable);
  EXPECT_TRUE(bans.ban(order(range(7), 2h), kNow));  // known already
  EXPECT_TRUE(bans.ban(order("203.0.113.9"), kNow));
  EXPECT_TRUE(bans.ban(order("2001:db8::/56"), kNow));
  EXPECT_TRUE(bans.ban(order("203.0.113.0/24"), kNow + 1h));  // the others have ended
}

TEST(BanBook, ComesBackAsItWasWritten) {
  BanBook bans = book();
  static_cast<void>(bans.ban({prefix("203.0.113.9"), 2h, "say \"no\"", "gateway", "r-1"}, kNow));
  static_cast<void>(bans.ban(order("2001:db8::/64"), kNow));
  BanBook other = book();
  ASSERT_TRUE(other.restore(bans.format(), kNow));
  EXPECT_EQ(other.list(kNow), bans.list(kNow));
}

TEST(BanBook, ADamagedFileChangesNothing) {
  BanBook bans = book();
  static_cast<void>(bans.ban(order("203.0.113.9"), kNow));
  for (const char* text : {"", "{}", "[{}]", "[{\"target\": \"203.0.113.9/24\"}]", "[1]"})
    EXPECT_FALSE(bans.restore(text, kNow)) << text;
  EXPECT_EQ(bans.list(kNow).size(), 1U);
}

TEST(BanBook, WhoMayNoLongerBeBannedIsLetGo) {
  BanBook bans = book();
  static_cast<void>(bans.ban(order("203.0.113.9"), kNow));
  EXPECT_EQ(bans.set_rules({}, {policies::range_of(prefix("203.0.113.0/24"))}).size(), 1U);
  EXPECT_TRUE(bans.list(kNow).empty());
}

}  // namespace
}  // namespace ravelin::firewall
