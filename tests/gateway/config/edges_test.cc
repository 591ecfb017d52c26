// Keys about who is in front of the gateway and what goes on to those behind it.
#include "gateway/config/show.h"
#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One listener with these keys and one pool with these.
std::string config_with(const std::string& listener, const std::string& pool,
                        const std::string& client_auth = "mode: none") {
  return "version: 1\nlisteners:\n  - name: web\n    tls: { certificates: [{ chain: a, key: b }], "
         "client_auth: { " +
         client_auth + " } }\n    routes: [{ pool: web }]\n    " + listener +
         "\npools:\n  - name: web\n    " + pool + "\n";
}

const std::string kBind = "bind: \"127.0.0.1:443\"";
const std::string kServers = "servers: [{ address: \"10.0.0.1:80\" }]";

TEST(EdgesConfig, ReadsWhoSendsAProxyHeaderAndWhoWantsOne) {
  const Checked checked = check_text(config_with(
      "bind: [\"127.0.0.1:443\", \"unix:/run/w.sock\"]\n    proxy_protocol: { from: [10.0.0.0/8, "
      "unix] }",
      "proxy_protocol: v1\n    servers: [{ address: \"10.0.0.1:80\" }, { address: "
      "\"10.0.0.2:80\", proxy_protocol: { version: v2, add: [tls, request_id] } }, { address: "
      "\"10.0.0.3:80\", proxy_protocol: off }]",
      "mode: request, ca: c, forward: chain"));
  ASSERT_THAT(checked.findings, IsEmpty());
  const Config& config = checked.parsed.config;
  EXPECT_THAT(config.listeners[0].proxy_protocol->from,
              ElementsAre(ProxySource{.prefix = *base::parse_prefix("10.0.0.0/8")},
                          ProxySource{.is_unix = true, .prefix = {}}));
  EXPECT_EQ(config.listeners[0].tls->client_auth.forward, ClientCertForward::chain);
  const auto& servers = config.pools[0].servers;
  EXPECT_EQ(servers[0].proxy_protocol, UpstreamProxyConfig{.version = ProxyVersion::v1});
  EXPECT_EQ(servers[1].proxy_protocol,
            (UpstreamProxyConfig{
                .version = ProxyVersion::v2, .sends_tls = true, .sends_request_id = true}));
  EXPECT_EQ(servers[2].proxy_protocol, UpstreamProxyConfig{});
  const std::string shown = show_config(checked.parsed);
  const Checked again = check_text(shown);
  EXPECT_THAT(again.findings, IsEmpty()) << shown;
  const Config& same = again.parsed.config;
  EXPECT_EQ(same.listeners[0].proxy_protocol->from, config.listeners[0].proxy_protocol->from);
  EXPECT_EQ(same.listeners[0].tls->client_auth.forward, ClientCertForward::chain);
  for (std::size_t i = 0; i < servers.size(); ++i)
    EXPECT_EQ(same.pools[0].servers[i].proxy_protocol, servers[i].proxy_protocol) << i;
}

TEST(EdgesConfig, ReadsWhereRevokedClientsAreListed) {
  const Checked checked = check_text(config_with(
      kBind, kServers,
      "mode: require, ca: c, crl: [one.crl, \"http://ca.test/two.crl\", \"https://ca.test/3\"], "
      "crl_expired: accept, crl_refresh: 15m, crl_cache: kept"));
  ASSERT_THAT(checked.findings, IsEmpty());
  const ClientAuthConfig& auth = checked.parsed.config.listeners[0].tls->client_auth;
  EXPECT_THAT(auth.crls,
              ElementsAre("/etc/one.crl", "http://ca.test/two.crl", "https://ca.test/3"));
  EXPECT_EQ(auth.crl_expired, ExpiredCrl::accept);
  EXPECT_EQ(auth.crl_refresh, std::chrono::minutes(15));
  EXPECT_EQ(auth.crl_cache, "/etc/kept");
  const std::string shown = show_config(checked.parsed);
  const Checked again = check_text(shown);
  EXPECT_THAT(again.findings, IsEmpty()) << shown;
  const ClientAuthConfig& same = again.parsed.config.listeners[0].tls->client_auth;
  EXPECT_EQ(same.crls, auth.crls);
  EXPECT_EQ(same.crl_expired, auth.crl_expired);
  EXPECT_EQ(same.crl_refresh, auth.crl_refresh);
  EXPECT_EQ(same.crl_cache, auth.crl_cache);

  const Checked lone = check_text(config_with(kBind, kServers, "mode: require, ca: c, crl: x"));
  const ClientAuthConfig& usual = lone.parsed.config.listeners[0].tls->client_auth;
  EXPECT_THAT(usual.crls, ElementsAre("/etc/x"));
  EXPECT_EQ(usual.crl_expired, ExpiredCrl::refuse);
  EXPECT_EQ(usual.crl_refresh, std::chrono::hours(1));
}

TEST(EdgesConfig, ReadsPassedSocketsStaplesAndClientCertificates) {
  const Checked checked = check_text(
      "version: 1\nlisteners:\n  - name: web\n    bind: [systemd:web, \"127.0.0.1:443\", "
      "systemd:more]\n    tls: { certificates: [{ chain: a, key: b, staple: c }] }\n    routes: [{ "
      "pool: web }]\npools:\n  - name: web\n    servers: [{ address: \"10.0.0.1:80\", tls: { "
      "certificate: d, key: e } }]\n");
  ASSERT_THAT(checked.findings, IsEmpty());
  const auto again = check_text(show_config(checked.parsed));
  EXPECT_THAT(again.findings, IsEmpty());
  for (const Config* config : {&checked.parsed.config, &again.parsed.config}) {
    EXPECT_THAT(config->listeners[0].passed_sockets, ElementsAre("web", "more"));
    EXPECT_EQ(config->listeners[0].bind.size(), 1U);
    EXPECT_EQ(config->listeners[0].tls->certificates[0].staple, "/etc/c");
    EXPECT_EQ(config->pools[0].servers[0].tls->certificate, "/etc/d");
    EXPECT_EQ(config->pools[0].servers[0].tls->key, "/etc/e");
  }
}

TEST(EdgesConfig, RefusesWhatContradictsItself) {
  struct Case {
    std::string text;
    const char* finding;
  };

  const Case cases[] = {
      {config_with(kBind + "\n    proxy_protocol: { from: unix }", kServers),
       "names \"unix\", but this listener binds no Unix socket"},
      {config_with("bind: \"unix:/w\"\n    proxy_protocol: { from: 10.0.0.1 }", kServers),
       "names addresses, but this listener binds Unix sockets only: write \"unix\""},
      {config_with(kBind + "\n    proxy_protocol: { from: [] }", kServers), "proxy_protocol.from"},
      {config_with(kBind + "\n    proxy_protocol: {}", kServers), "\"from\" is missing"},
      {config_with(kBind + "\n    proxy_protocol: { from: 10.0.0.1/8 }", kServers), "10.0.0.1/8"},
      {config_with(kBind, kServers + "\n    proxy_protocol: v3"), "\"v3\""},
      {config_with(kBind, kServers + "\n    proxy_protocol: { version: v1, add: [tls] }"),
       "\"add\" needs \"version: v2\"; the others carry addresses only"},
      {config_with(kBind, kServers + "\n    proxy_protocol: { version: v2, add: [alpn] }"),
       "\"alpn\""},
      {config_with("bind: \"systemd:\"", kServers), "is not the name of a passed socket"},
      {config_with("bind: \"systemd:a:b\"", kServers), "is not the name of a passed socket"},
      {config_with("bind: [\"systemd:a\", \"systemd:a\"]", kServers),
       "systemd:a is already taken by listener \"web\""},
      {config_with(kBind, "servers: [{ address: \"10.0.0.1:80\", tls: { certificate: d } }]"),
       "\"certificate\" and \"key\" need each other"},
      {config_with(kBind, kServers, "mode: none, forward: certificate"),
       "has nothing to send on: no client is asked for a certificate"},
  };
  for (const Case& each : cases)
    EXPECT_THAT(check_text(each.text).findings, ElementsAre(HasSubstr(each.finding))) << each.text;
}

}  // namespace
}  // namespace ravelin::gateway
