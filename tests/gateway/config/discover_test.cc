// `discover` of a pool, and `admin.overrides`.
#include "gateway/config/parse_server.h"
#include "gateway/config/show.h"
#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string discovering_config(const std::string& pool, const std::string& top = "") {
  return "version: 1\n" + top +
         "listeners:\n  - name: web\n    bind: \"127.0.0.1:443\"\n    tls: { certificates: [{ "
         "chain: "
         "a, key: b }] }\n    routes: [{ pool: web }]\npools:\n  - name: web\n    " +
         pool + "\n";
}

TEST(DiscoverConfig, IsReadWithItsDefaults) {
  const Checked checked = check_text(discovering_config(
      "discover: { file: { path: servers.yaml } }", "admin: { overrides: orders.json }\n"));
  ASSERT_THAT(checked.findings, IsEmpty());
  const Config& config = checked.parsed.config;
  EXPECT_EQ(config.admin.overrides, "/etc/orders.json");
  const PoolConfig& pool = config.pools.at(0);
  EXPECT_THAT(pool.servers, IsEmpty());
  EXPECT_EQ(pool.discover->file->path, "/etc/servers.yaml");
  EXPECT_EQ(pool.discover->servers_max, 100U);
  EXPECT_FALSE(pool.discover->dns);
}

TEST(Overrides, AreNotKeptWhereTheKeysAre) {
  const auto findings = [](const std::string& overrides) {
    return check_text(discovering_config("servers: [{ address: \"10.0.0.1:80\" }]",
                                         "admin: { overrides: " + overrides +
                                             " }\ncerts: { store: /var/lib/ravelin/certs }\n"))
        .findings;
  };
  for (const char* path : {"/var/lib/ravelin/o.json", "/var/lib/ravelin/certs/o.json", "/o.json"})
    EXPECT_THAT(findings(path), ElementsAre(HasSubstr("give it a directory of its own"))) << path;
  for (const char* path : {"/var/lib/ravelin/gateway/o.json", "/var/lib/ravelin/certs2/o.json"})
    EXPECT_THAT(findings(path), IsEmpty()) << path;
}

TEST(DiscoverConfig, IsReadWithAll) {
  const Checked checked = check_text(
      discovering_config("proxy_protocol: v1\n    servers: [{ address: \"10.0.0.1:80\", "
                         "backup: true }]\n    discover: { "
                         "dns: { name: _HTTP._tcp.App.internal., records: srv }, file: { path: "
                         "/s.yaml }, servers_max: "
                         "4096, server: { weight: 5, tls: { name: app.internal } } }"));
  ASSERT_THAT(checked.findings, IsEmpty());  // a lone backup is fine where others may be found
  const PoolConfig& pool = checked.parsed.config.pools.at(0);
  EXPECT_EQ(pool.discover->dns->name, "_http._tcp.app.internal");
  EXPECT_EQ(pool.discover->dns->records, DnsRecords::srv);
  EXPECT_EQ(pool.discover->server.weight, 5);
  EXPECT_EQ(pool.discover->server.tls->name, "app.internal");
  EXPECT_EQ(pool.discover->server.proxy_protocol.version, ProxyVersion::v1);
  EXPECT_EQ(pool.proxy_protocol.version, ProxyVersion::v1);
  const std::string shown = show_config(checked.parsed);
  EXPECT_THAT(shown, HasSubstr("name: _http._tcp.app.internal"));
  EXPECT_THAT(shown, HasSubstr("servers_max: 4096"));
}

TEST(DiscoverConfig, IsReadBackFromShow) {
  const Checked checked = check_text(discovering_config(
      "proxy_protocol: v2\n    servers: [{ address: \"10.0.0.1:80\", proxy_protocol: off }]\n    "
      "discover: { dns: { name: a.b, port: 80 }, server: { priority: 2 } }"));
  ASSERT_THAT(checked.findings, IsEmpty());
  const std::string shown = show_config(checked.parsed);
  const Checked again = check_text(shown);
  EXPECT_THAT(again.findings, IsEmpty()) << shown;
  const PoolConfig& pool = again.parsed.config.pools.at(0);
  EXPECT_EQ(pool.servers.at(0).proxy_protocol.version, ProxyVersion::off);
  EXPECT_EQ(pool.proxy_protocol.version, ProxyVersion::v2);
  EXPECT_EQ(pool.discover->dns->port, 80);
  EXPECT_EQ(pool.discover->server.priority, 2);
}

struct RefusedCase {
  const char* name;
  const char* pool;
  const char* finding;
};

constexpr RefusedCase kRefused[] = {
    {"NeitherServersNorDiscover", "balance: hash",
     "8:5: pools[0]: \"servers\" is missing, or \"discover\""},
    {"NoSource", "discover: { servers_max: 3 }", "pools[0].discover: needs a source"},
    {"ServerWithoutDns", "discover: { file: { path: a }, server: { weight: 2 } }",
     "\"server\" is for servers found by \"dns\""},
    {"AddressWithoutPort", "discover: { dns: { name: a.b } }", "\"port\" is missing"},
    {"SrvWithPort", "discover: { dns: { name: a.b, records: srv, port: 80 } }",
     "\"port\" and \"records: srv\" contradict each other"},
    {"AnAddressForAName", "discover: { dns: { name: 10.0.0.1, port: 80 } }",
     "\"10.0.0.1\" is not a name in the DNS"},
    {"ABadName", "discover: { dns: { name: \"a..b\", port: 80 } }", "is not a name in the DNS"},
    {"OnlyADot", "discover: { dns: { name: \".\", port: 80 } }", "is not a name in the DNS"},
    {"NameOfAFoundServer", "discover: { dns: { name: a.b, port: 80 }, server: { name: x } }",
     "unknown key \"name\""},
    {"TooMany", "discover: { file: { path: a }, servers_max: 4097 }", "servers_max"},
    {"None", "discover: { file: { path: a }, servers_max: 0 }", "servers_max"},
    {"NoPath", "discover: { file: {} }", "\"path\" is missing"},
    {"AgentWithoutPort", "agent: { interval: 1s }\n    discover: { dns: { name: a.b, port: 80 } }",
     "no port for the agents of found servers"},
    {"SrvWithoutNameToVerify",
     "discover: { dns: { name: a.b, records: srv }, server: { tls: { ca: c.pem } } }",
     "9:66: pools[0].discover.server.tls: needs \"name\", the one in the servers' certificates"},
    {"PortWithoutAgent", "discover: { dns: { name: a.b, port: 80 }, server: { agent_port: 1 } }",
     "the pool has no \"agent\""},
};

class DiscoverRefused : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(DiscoverRefused, WithItsPlaceAndRule) {
  const Checked checked = check_text(discovering_config(GetParam().pool));
  EXPECT_THAT(checked.findings, Contains(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(All, DiscoverRefused, ::testing::ValuesIn(kRefused),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace ravelin::gateway
