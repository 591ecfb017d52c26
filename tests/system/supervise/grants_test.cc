#include "system/supervise/grants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::system {
namespace {

using messages::PathGranted;
using messages::PathUse;
using messages::Role;
using ::testing::ElementsAre;

PathGranted granted(std::string path, PathUse use = PathUse::read) {
  return {Role::gateway, std::move(path), use};
}

TEST(GatewayGrants, AreTheFoldersOfWhatTheConfigurationNames) {
  gateway::Config config;
  config.files = {"/etc/ravelin/ravelin.yaml", "/etc/ravelin/site.d/a.yaml"};
  gateway::ListenerConfig& listener = config.listeners.emplace_back();
  listener.tls.emplace();
  gateway::CertificateConfig& certificate = listener.tls->certificates.emplace_back();
  certificate.chain = "/etc/ssl/www/www.crt";
  certificate.key = "/etc/ssl/keys/www.key";
  certificate.staple = "/var/lib/staples/www.der";
  listener.tls->client_auth.ca = "/etc/clients/ca.pem";
  gateway::RouteConfig& route = listener.routes.emplace_back();
  route.error_pages.push_back({.path = "/srv/pages/404.html"});
  gateway::PoolConfig& pool = config.pools.emplace_back();
  gateway::ServerConfig& server = pool.servers.emplace_back();
  server.tls.emplace();
  server.tls->ca = "/etc/backends/ca.pem";
  EXPECT_THAT(
      gateway_grants(config),
      ElementsAre(granted("/etc/backends"), granted("/etc/clients"), granted("/etc/ravelin"),
                  granted("/etc/ravelin/site.d"), granted("/etc/ssl/www"), granted("/srv/pages"),
                  granted("/var/lib/staples")));
}

TEST(GatewayGrants, AreToWriteOnlyWhatTheGatewayKeeps) {
  gateway::Config config;
  config.admin.overrides = "/var/lib/ravelin/overrides.json";
  config.certs_store = "/var/lib/ravelin/certs";
  config.log.access = "/var/log/ravelin/access.log";  // the supervisor's to open
  EXPECT_THAT(gateway_grants(config), ElementsAre(granted("/var/lib/ravelin", PathUse::write),
                                                  granted("/var/lib/ravelin/certs/FORMAT"),
                                                  granted("/var/lib/ravelin/certs/gateway")));
}

TEST(CertsGrants, AreTheStoreAndWhatItsIssuersNeed) {
  gateway::Config config;
  config.certs_store = "/store";
  certs::CertsConfig certs;
  certs.store = "/store";
  certs::IssuerConfig& issuer = certs.issuers.emplace_back();
  issuer.eab = "/etc/ravelin/eab/le";
  issuer.dns_hook = "/usr/lib/hook";
  EXPECT_THAT(certs_grants(config, certs),
              ElementsAre(PathGranted{Role::certs, "/etc/ravelin/eab", PathUse::read},
                          PathGranted{Role::certs, "/store", PathUse::write},
                          PathGranted{Role::certs, "/usr/lib/hook", PathUse::execute}));
  EXPECT_THAT(certs_grants({}, certs), ElementsAre());
}

TEST(FirewallGrants, AreWhatTheAgentFollowsKeepsAndIsAskedAt) {
  gateway::Config config;
  EXPECT_THAT(firewall_grants(config), ElementsAre());
  config.firewall.emplace();
  EXPECT_THAT(firewall_grants(config), ElementsAre());
  config.firewall->manages = true;
  EXPECT_THAT(
      firewall_grants(config),
      ElementsAre(PathGranted{Role::firewall, "/etc/ravelin/policy.yaml", PathUse::read},
                  PathGranted{Role::firewall, "/run/ravelin/firewall.sock", PathUse::read},
                  PathGranted{Role::firewall, "/var/lib/ravelin/firewall", PathUse::write}));
}

TEST(KeysGrants, AreTheFoldersOfKeysAndTheirChains) {
  KeyList keys;
  keys.files.push_back({"1", {"/etc/ssl/www/www.crt", "/etc/ssl/keys/www.key", "/etc/pass/www"}});
  keys.store = "/store";
  const auto reads = [](std::string path) {
    return PathGranted{Role::keys, std::move(path), PathUse::read};
  };
  EXPECT_THAT(keys_grants(keys), ElementsAre(reads("/etc/pass"), reads("/etc/ssl/keys"),
                                             reads("/etc/ssl/www"), reads("/store")));
}

TEST(KeysGrants, KeysInTokensAreLibrariesToLoad) {
  KeyList keys;
  keys.files.push_back({"1", {"/etc/www.crt", "pkcs11:token=web;object=www", ""}});
  EXPECT_THAT(keys_grants(keys), ElementsAre(PathGranted{Role::keys, "/etc", PathUse::read},
                                             PathGranted{Role::keys, "/usr/lib", PathUse::load}));
}

TEST(GatewayGrants, ACheckCommandIsToBeStarted) {
  gateway::Config config;
  gateway::PoolConfig& pool = config.pools.emplace_back();
  pool.health.emplace();
  pool.health->command = {"/usr/lib/check", "argument"};
  EXPECT_THAT(gateway_grants(config), ElementsAre(granted("/usr/lib/check", PathUse::execute)));
}

struct BeyondCase {
  const char* what;
  std::vector<PathGranted> now;
  PathGranted next;
  bool is_covered;
};

TEST(Beyond, IsWhatNothingCovers) {
  const BeyondCase cases[] = {
      {"the same", {granted("/a/b")}, granted("/a/b"), true},
      {"below it", {granted("/a")}, granted("/a/b/c"), true},
      {"all", {granted("/")}, granted("/a"), true},
      {"nothing", {}, granted("/a"), false},
      {"above it", {granted("/a/b")}, granted("/a"), false},
      {"a name that begins alike", {granted("/a/b")}, granted("/a/bc"), false},
      {"more than reading", {granted("/a")}, granted("/a", PathUse::write), false},
      {"less than writing", {granted("/a", PathUse::write)}, granted("/a"), true},
      {"another's", {{Role::keys, "/a", PathUse::read}}, granted("/a"), false},
  };
  for (const BeyondCase& row : cases)
    EXPECT_EQ(beyond(row.now, {row.next}).empty(), row.is_covered) << row.what;
}

}  // namespace
}  // namespace ravelin::system
