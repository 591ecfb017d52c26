// Records as servers: names, order, priorities, weights, limits.
#include "gateway/discovery/dns_servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> texts(const DnsServerList& found) {
  std::vector<std::string> all;
  for (const ServerConfig& server : found.servers)
    all.push_back(fmt::format("{} @{} p{} w{}", server.name, base::to_string(server.address),
                              server.priority, server.weight));
  return all;
}

ServerConfig like() {
  ServerConfig server;
  server.weight = 7;
  server.priority = 2;
  server.zone = "east";
  return server;
}

TEST(DnsServers, AddressesAreNamedByThemselvesInOneOrder) {
  std::vector<base::IpAddress> addresses{*base::parse_ip("2001:db8::1"),
                                         *base::parse_ip("10.0.0.10"), *base::parse_ip("10.0.0.9")};
  const std::vector<std::string> wanted{"10.0.0.9:80 @10.0.0.9:80 p2 w7",
                                        "10.0.0.10:80 @10.0.0.10:80 p2 w7",
                                        "[2001:db8::1]:80 @[2001:db8::1]:80 p2 w7"};
  EXPECT_EQ(texts(servers_of(addresses, 80, "app.internal", like(), 100)), wanted);
  std::ranges::reverse(addresses);
  const DnsServerList found = servers_of(addresses, 80, "app.internal", like(), 100);
  EXPECT_EQ(texts(found), wanted);
  EXPECT_EQ(found.servers[0].zone, "east");
}

TEST(DnsServers, WhatIsBeyondTheLimitIsLeftOut) {
  const std::vector<base::IpAddress> addresses{
      *base::parse_ip("10.0.0.3"), *base::parse_ip("10.0.0.1"), *base::parse_ip("10.0.0.2")};
  const DnsServerList found = servers_of(addresses, 80, "app.internal", {}, 2);
  EXPECT_THAT(texts(found),
              ElementsAre("10.0.0.1:80 @10.0.0.1:80 p0 w1", "10.0.0.2:80 @10.0.0.2:80 p0 w1"));
  EXPECT_EQ(found.left_out, 1U);
}

TEST(DnsServers, TheVerifiedNameIsTheOneAskedForOrTheOneGiven) {
  ServerConfig tls = like();
  tls.tls.emplace();
  const std::vector<base::IpAddress> addresses{*base::parse_ip("10.0.0.1")};
  const std::vector<ServiceRecord> services{{"a.example", 443, 0, 0}};
  EXPECT_EQ(servers_of(addresses, 443, "app.internal.", tls, 9).servers[0].tls->name,
            "app.internal");
  tls.tls->name = "given.example";
  EXPECT_EQ(servers_of(addresses, 443, "app.internal", tls, 9).servers[0].tls->name,
            "given.example");
  EXPECT_EQ(servers_of(services, tls, 9).servers[0].tls->name, "given.example");
}

TEST(DnsServers, TargetsAreServersWithTheWholeNameAsAddress) {
  const std::vector<ServiceRecord> services{
      {"b.example", 8080, 30, 40}, {"a.example", 8081, 30, 60}, {"c.example", 80, 10, 0}};
  EXPECT_THAT(
      texts(servers_of(services, like(), 100)),
      ElementsAre("c.example:80 @c.example.:80 p2 w1", "a.example:8081 @a.example.:8081 p3 w60",
                  "b.example:8080 @b.example.:8080 p3 w40"));
}

TEST(DnsServers, PrioritiesAreRanksUpToFifteen) {
  std::vector<ServiceRecord> services;
  for (std::uint16_t i = 0; i < 20; ++i)
    services.push_back({fmt::format("h{:02}", i), 80, static_cast<std::uint16_t>(i * 1000), 1});
  const DnsServerList found = servers_of(services, {}, 100);
  EXPECT_EQ(found.servers[0].priority, 0);
  EXPECT_EQ(found.servers[14].priority, 14);
  EXPECT_EQ(found.servers[19].priority, 15);
}

struct WeightCase {
  std::vector<std::uint16_t> given;
  std::vector<int> used;
};

TEST(DnsServers, WeightsKeepTheirProportionWithinAPriority) {
  const WeightCase cases[] = {{{0, 0}, {1, 1}},
                              {{0, 5}, {1, 5}},
                              {{60, 40}, {60, 40}},
                              {{256, 1}, {256, 1}},
                              {{65535, 32768}, {256, 128}},
                              {{1000, 1}, {256, 1}}};
  for (const WeightCase& row : cases) {
    std::vector<ServiceRecord> services;
    for (std::size_t i = 0; i < row.given.size(); ++i)
      services.push_back({fmt::format("h{}", i), 80, 1, row.given[i]});
    services.push_back({"other", 80, 2, 60000});  // of another priority: does not count
    const DnsServerList found = servers_of(services, {}, 100);
    for (std::size_t i = 0; i < row.used.size(); ++i)
      EXPECT_EQ(found.servers[i].weight, row.used[i]) << row.given[0] << ' ' << row.given[1];
  }
}

}  // namespace
}  // namespace ravelin::gateway
