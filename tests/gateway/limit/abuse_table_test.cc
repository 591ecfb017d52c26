#include "gateway/limit/abuse_table.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;

constexpr MonoTime kStart{1000s};

base::IpAddress ip(std::string_view text) {
  return *base::parse_ip(text);
}

std::shared_ptr<AbuseTable> table_of(AbuseConfig config = {},
                                     const std::vector<base::IpPrefix>& trusted = {}) {
  return AbuseTable::make(config, trusted, nullptr);
}

TEST(AbuseTable, BansOnceWhoIsOverBudget) {
  const auto table = table_of({.budget = 100});
  const base::IpAddress client = ip("192.0.2.1");
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(table->note(client, 20, kStart)) << i;
  EXPECT_FALSE(table->is_banned(client, kStart));
  EXPECT_TRUE(table->note(client, 1, kStart));
  EXPECT_TRUE(table->is_banned(client, kStart));
  EXPECT_FALSE(table->note(client, 20, kStart)) << "it is banned already";
  EXPECT_FALSE(table->is_banned(ip("192.0.2.2"), kStart));
  EXPECT_TRUE(table->is_banned(client, kStart + 599s));
  EXPECT_FALSE(table->is_banned(client, kStart + 600s));
}

TEST(AbuseTable, PointsDrainEvenlyOverTheWindow) {
  const auto table = table_of({.budget = 100, .window = 100s});
  const base::IpAddress client = ip("192.0.2.1");
  EXPECT_FALSE(table->note(client, 90, kStart));
  EXPECT_EQ(table->worst(10, kStart + 40s).at(0).points, 50U);
  EXPECT_FALSE(table->note(client, 40, kStart + 40s));
  EXPECT_TRUE(table->worst(10, kStart + 200s).empty());
  for (int i = 0; i < 50; ++i)  // one a second is what drains
    EXPECT_FALSE(table->note(client, 1, kStart + std::chrono::seconds(300 + i)));
}

TEST(AbuseTable, OneIpv6NetworkIsOneClient) {
  const auto table = table_of({.budget = 10});
  EXPECT_FALSE(table->note(ip("2001:db8:1:2::1"), 10, kStart));
  EXPECT_TRUE(table->note(ip("2001:db8:1:2:ffff::9"), 10, kStart));
  EXPECT_TRUE(table->is_banned(ip("2001:db8:1:2::7"), kStart));
  EXPECT_FALSE(table->is_banned(ip("2001:db8:1:3::1"), kStart));
}

TEST(AbuseTable, NeverBansTheExemptTheTrustedAndThoseWithoutAnAddress) {
  const auto table = table_of({.budget = 10, .never = {*base::parse_prefix("10.0.0.0/8")}},
                              {*base::parse_prefix("2001:db8::/32")});
  for (const char* client : {"10.1.2.3", "2001:db8::1", "0.0.0.0", "::"}) {
    for (int i = 0; i < 5; ++i)
      EXPECT_FALSE(table->note(ip(client), 20, kStart)) << client;
    EXPECT_FALSE(table->is_banned(ip(client), kStart)) << client;
  }
  EXPECT_TRUE(table->worst(10, kStart).empty());
}

TEST(AbuseTable, AReloadKeepsItAndMayExempt) {
  const auto before = table_of({.budget = 10});
  EXPECT_TRUE(before->note(ip("192.0.2.1"), 20, kStart));
  EXPECT_TRUE(before->note(ip("192.0.2.2"), 20, kStart));
  const auto after =
      AbuseTable::make({.budget = 10, .never = {*base::parse_prefix("192.0.2.1")}}, {}, &*before);
  EXPECT_FALSE(after->is_banned(ip("192.0.2.1"), kStart));
  EXPECT_TRUE(after->is_banned(ip("192.0.2.2"), kStart));
}

TEST(AbuseTable, ListsTheWorstAndForgetsOne) {
  const auto table = table_of({.budget = 100, .ban = 60s});
  table->note(ip("192.0.2.1"), 50, kStart);
  table->note(ip("192.0.2.2"), 70, kStart);
  table->note(ip("2001:db8::5"), 150, kStart);
  auto worst = table->worst(10, kStart);
  ASSERT_EQ(worst.size(), 3U);
  EXPECT_EQ(base::to_string(worst[0].prefix), "2001:db8::/64");
  EXPECT_EQ(worst[0].banned_for, 60s);
  EXPECT_EQ(worst[0].points, 150U);
  EXPECT_EQ(base::to_string(worst[1].prefix), base::to_string(*base::parse_prefix("192.0.2.2")));
  EXPECT_EQ(worst[1].banned_for, 0s);
  EXPECT_EQ(table->counts(kStart).clients, 3U);
  EXPECT_EQ(table->counts(kStart).banned, 1U);
  EXPECT_TRUE(table->forget(worst[0].prefix, kStart));
  EXPECT_FALSE(table->forget(worst[0].prefix, kStart));
  EXPECT_FALSE(table->is_banned(ip("2001:db8::5"), kStart));
  EXPECT_EQ(table->worst(1, kStart).size(), 1U);
}

TEST(AbuseTable, AMillionClientsWithAGlitchEachFreeNoAbuserAndBanNobody) {
  const auto table = table_of({.budget = 100, .entries = 4096});
  MonoTime now = kStart;
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

}  // namespace
}  // namespace ravelin::gateway
