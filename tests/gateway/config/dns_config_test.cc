// `dns`: name servers and lifetimes, read, refused and shown.
#include "gateway/config/parse_dns.h"
#include "gateway/config/show.h"
#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Checked check_dns(const std::string& dns) {
  return check_text("version: 1\ndns: " + dns +
                    "\nlisteners: [{ name: w, bind: \"127.0.0.1:1\", plaintext: allowed, "
                    "routes: [{ pool: p }] }]\n"
                    "pools: [{ name: p, servers: [{ address: \"app.internal:80\" }] }]\n");
}

TEST(DnsConfig, ReadsNameServersAndLifetimes) {
  const Checked checked = check_dns(
      "{ servers: [10.0.0.2, \"[2001:db8::2]:5353\", \"2001:db8::3\"], timeout: 1s, tries: 2, "
      "ttl_min: 5s, ttl_max: 1m, after_failure: 10s }");
  EXPECT_THAT(checked.findings, IsEmpty());
  const DnsConfig& dns = checked.parsed.config.dns;
  std::vector<std::string> servers;
  for (const base::IpEndpoint& server : dns.servers)
    servers.push_back(base::to_string(server));
  EXPECT_THAT(servers, ElementsAre("10.0.0.2:53", "[2001:db8::2]:5353", "[2001:db8::3]:53"));
  EXPECT_EQ(dns.timeout, 1s);
  EXPECT_EQ(dns.tries, 2);
  EXPECT_EQ(dns.ttl_min, 5s);
  EXPECT_EQ(dns.ttl_max, 1min);
  EXPECT_EQ(dns.after_failure, 10s);
}

TEST(DnsConfig, OneServerNeedsNoListAndNoneIsTheSystems) {
  EXPECT_EQ(check_dns("{ servers: \"127.0.0.1:5353\" }").parsed.config.dns.servers.size(), 1U);
  EXPECT_EQ(check_dns("{}").parsed.config.dns, DnsConfig());
}

TEST(DnsConfig, IsShownWithItsDefaults) {
  const Checked checked = check_dns("{ servers: 10.0.0.2, tries: 2 }");
  const std::string text = show_config(checked.parsed);
  EXPECT_THAT(text, HasSubstr("dns:"));
  for (const char* line : {"10.0.0.2:53", "timeout: 2s", "tries: 2", "ttl_min: 1s", "ttl_max: 5m",
                           "after_failure: 5s"})
    EXPECT_THAT(text, HasSubstr(line));
}

struct BadDns {
  const char* name;
  const char* text;
  const char* finding;
};

class DnsConfigRefuses : public testing::TestWithParam<BadDns> {};

TEST_P(DnsConfigRefuses, WithItsPlace) {
  EXPECT_THAT(check_dns(GetParam().text).findings, ElementsAre(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DnsConfigRefuses,
    testing::Values(
        BadDns{"AName", "{ servers: ns.internal }",
               "2:17: dns.servers: \"ns.internal\" is not an address of a name server"},
        BadDns{"PortZero", "{ servers: \"10.0.0.2:0\" }", "is not an address of a name server"},
        BadDns{"NoServers", "{ servers: [] }", "dns.servers: "},
        BadDns{"Unspecified", "{ servers: [10.0.0.2, 0.0.0.0] }",
               "2:28: dns.servers[1]: 0.0.0.0:53 is no address of a name server"},
        BadDns{"Twice", "{ servers: [10.0.0.2, \"10.0.0.2:53\"] }",
               "2:28: dns.servers[1]: 10.0.0.2:53 is listed twice"},
        BadDns{"BoundsCrossed", "{ ttl_min: 2m, ttl_max: 1m }",
               "2:30: dns.ttl_max: \"ttl_max\" (1m) is less than \"ttl_min\" (2m)"},
        BadDns{"MinAboveTheDefaultMax", "{ ttl_min: 10m }",
               "dns.ttl_min: \"ttl_max\" (5m) is less"},
        BadDns{"TimeoutTooShort", "{ timeout: 1ms }", "dns.timeout: 1ms is out of range"},
        BadDns{"TooManyTries", "{ tries: 11 }", "dns.tries: 11 is out of range (1 to 10)"},
        BadDns{"UnknownKey", "{ ttl: 1s }", "unknown key \"ttl\""}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ravelin::gateway
