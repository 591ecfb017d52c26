#include "gateway/limit/recent_bans.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

BanRecord record(std::string_view client, std::string_view request,
                 KernelBan kernel = KernelBan::asked) {
  return {
      .client = *base::parse_prefix(client), .request_id = std::string(request), .kernel = kernel};
}

base::IpAddress banned_ip(std::string_view text) {
  return *base::parse_ip(text);
}

TEST(RecentBans, AreFoundByClientAndByRequestTheYoungestFirst) {
  RecentBans bans;
  bans.add(record("192.0.2.1", "r1"));
  bans.add(record("2001:db8:1:2::/64", "r2"));
  bans.add(record("192.0.2.1", "r3"));
  const auto of_client = bans.of_client(banned_ip("192.0.2.1"), 10);
  ASSERT_EQ(of_client.size(), 2U);
  EXPECT_EQ(of_client[0].request_id, "r3");
  EXPECT_EQ(bans.of_client(banned_ip("192.0.2.1"), 1).size(), 1U);
  EXPECT_EQ(bans.of_client(banned_ip("2001:db8:1:2::99"), 10).size(), 1U);
  EXPECT_TRUE(bans.of_client(banned_ip("192.0.2.2"), 10).empty());
  EXPECT_EQ(bans.of_request("r2", 10).size(), 1U);
  EXPECT_TRUE(bans.of_request("r4", 10).empty());
}

TEST(RecentBans, ARequestWithoutAnIdIsNobodys) {
  RecentBans bans;
  bans.add(record("192.0.2.1", ""));
  EXPECT_TRUE(bans.of_request("", 10).empty());
}

TEST(RecentBans, TheOldestGoFirst) {
  RecentBans bans(3);
  for (const char* request : {"r1", "r2", "r3", "r4"})
    bans.add(record("192.0.2.1", request));
  EXPECT_TRUE(bans.of_request("r1", 10).empty());
  EXPECT_EQ(bans.of_client(banned_ip("192.0.2.1"), 10).size(), 3U);
}

TEST(RecentBans, TheYoungestThatWaitsLearnsWhatBecameOfIt) {
  RecentBans bans;
  bans.add(record("192.0.2.1", "r1", KernelBan::made));
  bans.add(record("192.0.2.1", "r2"));
  bans.add(record("192.0.2.1", "r3", KernelBan::not_asked));
  bans.settle(*base::parse_prefix("192.0.2.1"), KernelBan::refused, "never");
  EXPECT_EQ(bans.of_request("r1", 1)[0].kernel, KernelBan::made);
  EXPECT_EQ(bans.of_request("r2", 1)[0].kernel, KernelBan::refused);
  EXPECT_EQ(bans.of_request("r2", 1)[0].kernel_text, "never");
  EXPECT_EQ(bans.of_request("r3", 1)[0].kernel, KernelBan::not_asked);
  bans.settle(*base::parse_prefix("192.0.2.9"), KernelBan::made, "");  // forgotten meanwhile
}

TEST(RecentBans, EveryStateHasItsWord) {
  EXPECT_EQ(to_string(KernelBan::not_asked), "not_asked");
  EXPECT_EQ(to_string(KernelBan::asked), "asked");
  EXPECT_EQ(to_string(KernelBan::made), "made");
  EXPECT_EQ(to_string(KernelBan::refused), "refused");
  EXPECT_EQ(to_string(KernelBan::failed), "failed");
  EXPECT_EQ(to_string(KernelBan::dropped), "dropped");
}

}  // namespace
}  // namespace ravelin::gateway
