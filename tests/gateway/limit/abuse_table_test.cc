#include "gateway/limit/abuse_table.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;

constexpr MonoTime kAbuseStart{1000s};

base::IpAddress ip(std::string_view text) {
  return *base::parse_ip(text);
}

std::shared_ptr<AbuseTable> table_of(AbuseConfig config = {},
                                     const std::vector<base::IpPrefix>& trusted = {}) {
  return AbuseTable::make(config, {.trusted = trusted, .hosts = {}}, nullptr);
}

TEST(AbuseTable, BansOnceWhoIsOverBudget) {
  const auto table = table_of({.budget = 100, .ban = 600s});
  const base::IpAddress client = ip("192.0.2.1");
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(table->note(client, 20, kAbuseStart)) << i;
  EXPECT_FALSE(table->is_banned(client, kAbuseStart));
  EXPECT_TRUE(table->note(client, 1, kAbuseStart));
  EXPECT_TRUE(table->is_banned(client, kAbuseStart));
  EXPECT_FALSE(table->note(client, 20, kAbuseStart)) << "it is banned already";
  EXPECT_FALSE(table->is_banned(ip("192.0.2.2"), kAbuseStart));
  EXPECT_TRUE(table->is_banned(client, kAbuseStart + 599s));
  EXPECT_FALSE(table->is_banned(client, kAbuseStart + 600s));
}

TEST(AbuseTable, PointsDrainEvenlyOverTheWindow) {
  const auto table = table_of({.budget = 100, .window = 100s});
  const base::IpAddress client = ip("192.0.2.1");
  EXPECT_FALSE(table->note(client, 90, kAbuseStart));
  EXPECT_EQ(table->worst(10, kAbuseStart + 40s).at(0).points, 50U);
  EXPECT_FALSE(table->note(client, 40, kAbuseStart + 40s));
  EXPECT_TRUE(table->worst(10, kAbuseStart + 200s).empty());
  for (int i = 0; i < 50; ++i)  // one a second is what drains
    EXPECT_FALSE(table->note(client, 1, kAbuseStart + std::chrono::seconds(300 + i)));
}

TEST(AbuseTable, OneIpv6NetworkIsOneClient) {
  const auto table = table_of({.budget = 10});
  EXPECT_FALSE(table->note(ip("2001:db8:1:2::1"), 10, kAbuseStart));
  EXPECT_TRUE(table->note(ip("2001:db8:1:2:ffff::9"), 10, kAbuseStart));
  EXPECT_TRUE(table->is_banned(ip("2001:db8:1:2::7"), kAbuseStart));
  EXPECT_FALSE(table->is_banned(ip("2001:db8:1:3::1"), kAbuseStart));
}

TEST(AbuseTable, NeverBansTheExemptTheTrustedAndThoseWithoutAnAddress) {
  const auto table = table_of({.budget = 10, .never = {*base::parse_prefix("10.0.0.0/8")}},
                              {*base::parse_prefix("2001:db8::/32")});
  for (const char* client : {"10.1.2.3", "2001:db8::1", "0.0.0.0", "::"}) {
    for (int i = 0; i < 5; ++i)
      EXPECT_FALSE(table->note(ip(client), 20, kAbuseStart)) << client;
    EXPECT_FALSE(table->is_banned(ip(client), kAbuseStart)) << client;
  }
  EXPECT_TRUE(table->worst(10, kAbuseStart).empty());
}

TEST(AbuseTable, AReloadKeepsItAndMayExempt) {
  const auto before = table_of({.budget = 10});
  EXPECT_TRUE(before->note(ip("192.0.2.1"), 20, kAbuseStart));
  EXPECT_TRUE(before->note(ip("192.0.2.2"), 20, kAbuseStart));
  const auto after =
      AbuseTable::make({.budget = 10, .never = {*base::parse_prefix("192.0.2.1")}}, {}, &*before);
  EXPECT_FALSE(after->is_banned(ip("192.0.2.1"), kAbuseStart));
  EXPECT_TRUE(after->is_banned(ip("192.0.2.2"), kAbuseStart));
}

TEST(AbuseTable, PointsUnderAnotherBudgetOrWindowAreNoneAtAll) {
  const base::IpAddress client = ip("192.0.2.1");
  const base::IpAddress banned = ip("192.0.2.2");
  const auto before = table_of({.budget = 100, .window = 1h, .ban = 2h});
  EXPECT_FALSE(before->note(client, 90, kAbuseStart));
  EXPECT_TRUE(before->note(banned, 101, kAbuseStart));
  for (const AbuseConfig& config : {AbuseConfig{.budget = 100, .window = 1min, .ban = 2h},
                                    AbuseConfig{.budget = 1000, .window = 1h, .ban = 2h}}) {
    const auto after = AbuseTable::make(config, {}, before.get());
    EXPECT_FALSE(after->note(client, 100, kAbuseStart));
    EXPECT_TRUE(after->is_banned(banned, kAbuseStart + 119min)) << "bans go on";
    EXPECT_EQ(after->standing(banned, kAbuseStart).offences, 1U);
  }
  const auto same = AbuseTable::make({.budget = 100, .window = 1h, .ban = 3h}, {}, before.get());
  EXPECT_TRUE(same->note(client, 20, kAbuseStart));
}

TEST(AbuseTable, OffencesAreNoMoreWhenTheyAreForgottenSooner) {
  const base::IpAddress client = ip("192.0.2.1");
  const AbuseConfig config{.budget = 10, .window = 1s, .ban = 60s, .forget = 24h};
  const auto before = table_of(config);
  EXPECT_TRUE(before->note(client, 20, kAbuseStart));
  AbuseConfig sooner = config;
  sooner.forget = 1h;
  const MonoTime later = kAbuseStart + 2min;
  EXPECT_EQ(AbuseTable::make(config, {}, before.get())->standing(client, later).offences, 1U);
  const auto after = AbuseTable::make(sooner, {}, before.get());
  const auto again = after->note(client, 20, later);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->duration, 60s);
}

TEST(AbuseTable, ListsTheWorstAndForgetsOne) {
  const auto table = table_of({.budget = 100, .ban = 60s});
  table->note(ip("192.0.2.1"), 50, kAbuseStart);
  table->note(ip("192.0.2.2"), 70, kAbuseStart);
  table->note(ip("2001:db8::5"), 150, kAbuseStart);
  auto worst = table->worst(10, kAbuseStart);
  ASSERT_EQ(worst.size(), 3U);
  EXPECT_EQ(base::to_string(worst[0].prefix), "2001:db8::/64");
  EXPECT_EQ(worst[0].banned_for, 60s);
  EXPECT_EQ(worst[0].points, 150U);
  EXPECT_EQ(base::to_string(worst[1].prefix), base::to_string(*base::parse_prefix("192.0.2.2")));
  EXPECT_EQ(worst[1].banned_for, 0s);
  EXPECT_EQ(table->counts(kAbuseStart).clients, 3U);
  EXPECT_EQ(table->counts(kAbuseStart).banned, 1U);
  EXPECT_TRUE(table->forget(worst[0].prefix, kAbuseStart));
  EXPECT_FALSE(table->forget(worst[0].prefix, kAbuseStart));
  EXPECT_FALSE(table->is_banned(ip("2001:db8::5"), kAbuseStart));
  EXPECT_EQ(table->worst(1, kAbuseStart).size(), 1U);
}

TEST(AbuseTable, AMillionClientsWithAGlitchEachFreeNoAbuserAndBanNobody) {
  const auto table = table_of({.budget = 100, .entries = 4096});
  MonoTime now = kAbuseStart;
  const base::IpAddress abuser = ip("198.51.100.1");
  bool is_caught = false;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    now = now + 10us;
    base::IpAddress client{.family = base::Family::ipv4};
    for (std::size_t byte = 0; byte < 4; ++byte)
      client.bytes[byte] = static_cast<std::uint8_t>((0x0a000000U + i) >> (24 - 8 * byte));
    EXPECT_FALSE(table->note(client, 1, now));
    if (i % 1000 == 0) is_caught = table->note(abuser, 20, now) || is_caught;
  }
  EXPECT_TRUE(is_caught);
  EXPECT_TRUE(table->is_banned(abuser, now));
  EXPECT_EQ(table->counts(now).banned, 1U);
}

TEST(PackedClient, IsTheSameAfterwards) {
  for (const char* text : {"192.0.2.1", "0.0.0.1", "255.255.255.255"}) {
    const base::IpPrefix client{ip(text), 32};
    EXPECT_EQ(unpack_client(pack_client(client)), client) << text;
  }
  for (const char* text : {"2001:db8:1:2::", "::", "ffff:ffff:ffff:ffff::", "fe80::"}) {
    const base::IpPrefix client{ip(text), 64};
    EXPECT_EQ(unpack_client(pack_client(client)), client) << text;
    EXPECT_NE(pack_client(client), 0U);
  }
}

TEST(AbuseTable, RepeatedBansLastLongerAndAreForgotten) {
  const AbuseConfig config{
      .budget = 10, .window = 1s, .ban = 60s, .ban_factor = 4, .ban_max = 1000s, .forget = 3600s};
  const auto table = table_of(config);
  const base::IpAddress client = ip("192.0.2.1");
  MonoTime now = kAbuseStart;
  const auto ban_again = [&] {
    const auto ban = table->note(client, 20, now);
    EXPECT_TRUE(ban);
    return ban.value_or(AbuseBan{});
  };
  std::uint32_t offence = 1;
  for (const std::chrono::seconds expected : {60s, 240s, 960s, 1000s, 1000s}) {
    const AbuseBan ban = ban_again();
    EXPECT_EQ(ban.duration, expected);
    EXPECT_EQ(ban.offence, offence);
    EXPECT_EQ(table->standing(client, now).offences, offence);
    EXPECT_EQ(table->standing(client, now + ban.duration / 2).offences, offence);
    ++offence;
    EXPECT_TRUE(table->is_banned(client, now + (ban.duration - 1ns)));
    now = now + ban.duration;
    EXPECT_FALSE(table->is_banned(client, now));
  }
  now = now + 2 * 3600s;  // two of five are forgotten, one after the other
  EXPECT_EQ(table->standing(client, now).offences, 3U);
  EXPECT_EQ(ban_again().offence, 4U);
  now = now + 24h;
  EXPECT_EQ(ban_again().duration, 60s);
}

TEST(AbuseTable, OffencesNeverOutgrowTheirMemory) {
  const auto table = table_of({.budget = 10, .window = 1s, .ban = 1s, .ban_max = 1s, .forget = 1h});
  MonoTime now = kAbuseStart;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(table->note(ip("192.0.2.1"), 20, now)) << i;
    now = now + 1s;
  }
  EXPECT_LE(table->standing(ip("192.0.2.1"), now).offences, 17U);
}

TEST(AbuseTable, ServersAndResolversAreNeverBanned) {
  const auto table = AbuseTable::make(
      {.budget = 10}, {.trusted = {}, .hosts = {ip("10.0.0.9"), ip("10.0.0.1")}}, nullptr);
  EXPECT_FALSE(table->note(ip("10.0.0.1"), 100, kAbuseStart));
  EXPECT_TRUE(table->standing(ip("10.0.0.9"), kAbuseStart).is_exempt);
  EXPECT_TRUE(table->note(ip("10.0.0.2"), 100, kAbuseStart));
}

AbuseConfig with_triggers() {
  AbuseConfig config;
  config.never = {*base::parse_prefix("10.0.0.0/8")};
  config.triggers = {
      {.name = "honeypot", .event = AbuseEvent::path, .count = 1, .paths = {"/trap/", "*.php"}},
      {.name = "scanner",
       .event = AbuseEvent::status,
       .count = 3,
       .window = 30s,
       .statuses = {{404, 404}, {400, 403}}},
      {.name = "limits", .event = AbuseEvent::rate_limited, .count = 2, .window = 10s},
  };
  return config;
}

TEST(AbuseTriggers, TheOneThatIsTooManyBansAndNamesTheTrigger) {
  const auto table = table_of(with_triggers());
  const base::IpAddress client = ip("192.0.2.1");
  EXPECT_FALSE(table->note_path(client, "/index.html", kAbuseStart));
  const auto trapped = table->note_path(client, "/wp/login.php", kAbuseStart);
  ASSERT_TRUE(trapped);
  EXPECT_EQ(trapped->rule, "honeypot");
  EXPECT_EQ(trapped->duration, 60s);
  EXPECT_TRUE(table->is_banned(client, kAbuseStart));
  EXPECT_FALSE(table->note_path(client, "/trap/x", kAbuseStart)) << "it is banned already";

  const base::IpAddress scanner = ip("192.0.2.2");
  EXPECT_FALSE(table->note_status(scanner, 404, kAbuseStart));
  EXPECT_FALSE(table->note_status(scanner, 401, kAbuseStart));
  EXPECT_FALSE(table->note_status(scanner, 200, kAbuseStart));
  EXPECT_EQ(table->standing(scanner, kAbuseStart).counted,
            (std::vector<std::pair<std::string, std::uint32_t>>{{"scanner", 2}}));
  EXPECT_EQ(table->note_status(scanner, 404, kAbuseStart).value_or(AbuseBan{}).rule, "scanner");

  const base::IpAddress greedy = ip("192.0.2.3");
  EXPECT_FALSE(table->note_event(greedy, AbuseEvent::rate_limited, kAbuseStart));
  EXPECT_TRUE(table->note_event(greedy, AbuseEvent::rate_limited, kAbuseStart));
}

TEST(AbuseTriggers, WhatTheyCountDrainsOverTheWindow) {
  const auto table = table_of(with_triggers());
  const base::IpAddress client = ip("192.0.2.1");
  for (int i = 0; i < 100; ++i)  // one in ten seconds is what drains
    EXPECT_FALSE(table->note_status(client, 404, kAbuseStart + std::chrono::seconds(10 * i))) << i;
}

TEST(AbuseTriggers, OnlyWhatSomeTriggerCountsIsAskedFor) {
  const auto table = table_of(with_triggers());
  EXPECT_TRUE(table->counts(AbuseEvent::path));
  EXPECT_TRUE(table->counts(AbuseEvent::status));
  EXPECT_FALSE(table->counts(AbuseEvent::handshake));
  EXPECT_FALSE(table_of()->counts(AbuseEvent::path));
  EXPECT_FALSE(table->note_event(ip("192.0.2.1"), AbuseEvent::handshake, kAbuseStart));
}

TEST(AbuseTriggers, TheExemptAreNotCounted) {
  const auto table = table_of(with_triggers());
  EXPECT_FALSE(table->note_path(ip("10.1.2.3"), "/trap/", kAbuseStart));
  EXPECT_TRUE(table->standing(ip("10.1.2.3"), kAbuseStart).counted.empty());
}

TEST(AbuseTriggers, AReloadKeepsWhatTriggersOfTheSameNameHaveCounted) {
  const auto before = table_of(with_triggers());
  const base::IpAddress client = ip("192.0.2.1");
  EXPECT_FALSE(before->note_status(client, 404, kAbuseStart));
  EXPECT_FALSE(before->note_status(client, 404, kAbuseStart));
  const auto after = AbuseTable::make(with_triggers(), {}, before.get());
  EXPECT_TRUE(after->note_status(client, 404, kAbuseStart));
  AbuseConfig renamed = with_triggers();
  renamed.triggers[1].name = "other";
  EXPECT_FALSE(
      AbuseTable::make(renamed, {}, before.get())->note_status(ip("192.0.2.2"), 404, kAbuseStart));
}

TEST(AbuseTriggers, AreOthersWhenWhatTheyCountOrHowManyIs) {
  AbuseConfig config = with_triggers();
  config.triggers[1].count = 30;
  config.triggers[1].window = 1h;
  const auto before = table_of(config);
  const base::IpAddress client = ip("192.0.2.1");
  for (int i = 0; i < 20; ++i)
    EXPECT_FALSE(before->note_status(client, 404, kAbuseStart)) << i;
  AbuseConfig fewer = config;
  fewer.triggers[1].count = 3;
  AbuseConfig shorter = config;
  shorter.triggers[1].window = 1s;
  AbuseConfig others = config;
  others.triggers[1].statuses = {{500, 599}};
  for (const AbuseConfig& changed : {fewer, shorter, others}) {
    const auto after = AbuseTable::make(changed, {}, before.get());
    EXPECT_FALSE(after->note_status(client, changed.triggers[1].statuses[0].first, kAbuseStart));
    EXPECT_EQ(after->standing(client, kAbuseStart).counted,
              (std::vector<std::pair<std::string, std::uint32_t>>{{"scanner", 1}}));
  }
}

TEST(AbuseTriggers, TheForgivenBeginAnew) {
  const auto table = table_of(with_triggers());
  const base::IpAddress client = ip("192.0.2.1");
  EXPECT_TRUE(table->note_path(client, "/trap/", kAbuseStart));
  EXPECT_TRUE(table->forget(*base::parse_prefix("192.0.2.1"), kAbuseStart));
  EXPECT_FALSE(table->is_banned(client, kAbuseStart));
  EXPECT_EQ(table->note_path(client, "/trap/", kAbuseStart).value_or(AbuseBan{}).offence, 1U);
}

TEST(AbuseTriggers, ASprayOfOtherClientsMakesNobodyForgotten) {
  AbuseConfig config = with_triggers();
  config.entries = 1024;
  const auto table = table_of(config);
  const base::IpAddress scanner = ip("198.51.100.1");
  bool is_caught = false;
  for (std::uint32_t i = 0; i < 100'000 && !is_caught; ++i) {
    base::IpAddress other = ip("203.0.0.0");
    other.bytes[2] = static_cast<std::uint8_t>(i >> 8);
    other.bytes[3] = static_cast<std::uint8_t>(i);
    const MonoTime now = kAbuseStart + std::chrono::microseconds(i);
    static_cast<void>(table->note_status(other, 404, now));
    if (i % 1000 == 0) is_caught = table->note_status(scanner, 404, now).has_value();
  }
  EXPECT_TRUE(is_caught);
}

}  // namespace
}  // namespace ravelin::gateway
