#include "system/derive/host_policy.h"

#include "policies/check/run_test.h"
#include "policies/parse/parse.h"
#include "tests/system/derive/derived_text.h"

namespace ravelin::system {
namespace {

// The policy has to be valid; the outcome of each of its tests, as said.
std::vector<std::string> failed_tests(std::map<std::string, std::string> files) {
  base::yaml::TableLoader loader(std::move(files));
  policies::Facts facts;
  facts.users["ravelin"] = 990;
  facts.names["app.internal"] = {*base::parse_ip("10.0.1.40")};
  base::Diagnostics diagnostics;
  const policies::ParsedPolicy parsed =
      policies::load_policy("/etc/policy.yaml", loader, facts, diagnostics);
  std::vector<std::string> failed = texts_of(diagnostics);
  EXPECT_FALSE(parsed.policy.tests.empty());
  for (const policies::TestOutcome& outcome : policies::run_tests(parsed.policy))
    if (!outcome.passed) failed.push_back(outcome.name + ": " + outcome.message);
  return failed;
}

TEST(IncludedPolicy, IsReadByThePolicyThatIncludesItAndOpensWhatIsServed) {
  const std::string main = R"(policy: v1
name: gateway
include: derived.yaml
zones:
  wan: { interfaces: [eth0] }
  lan: { interfaces: [eth1], networks: [10.0.1.0/24] }
rules:
  wan -> host: [ { deny: any, id: rest } ]
tests:
  - { name: https over IPv4, packet: { in: wan, from: 203.0.113.9, to: host, service: tcp/443 }, expect: allow, by: listener-web-443 }
  - { name: https over IPv6, packet: { in: wan, from: "2001:db8::9", to: host, service: tcp/443 }, expect: allow, by: listener-web-443 }
  - { name: http over IPv4, packet: { in: wan, from: 203.0.113.9, to: host, service: tcp/80 }, expect: allow, by: listener-plain-80 }
  - { name: no http over IPv6, packet: { in: wan, from: "2001:db8::9", to: host, service: tcp/80 }, expect: deny, by: rest }
  - { name: nothing else, packet: { in: wan, from: 203.0.113.9, to: host, service: tcp/9900 }, expect: deny, by: rest }
  - { name: the host sends as before, packet: { from: host, out: lan, to: 10.0.1.11, service: tcp/22 }, expect: allow, by: host-egress }
  - { name: more than one client has, packet: { in: wan, from: 203.0.113.9, to: host, service: tcp/443, repeat: 2500 in 1ms }, expect: { first: allow, last: deny } }
)";
  const std::string derived = included_policy(derived_from(kUsual), "/etc/r.yaml");
  EXPECT_EQ(std::vector<std::string>{},
            failed_tests({{"/etc/policy.yaml", main}, {"/etc/derived.yaml", derived}}))
      << derived;
}

TEST(IncludedPolicy, HasAQuarantineForTheGatewaysUserWhereAPoolAsksForOne) {
  const auto with_user = [](const std::string& user, const DeriveOptions& options = {}) {
    return included_policy(derived_from("version: 1\n" + user + R"(firewall: {}
listeners:
  - { name: a, bind: "127.0.0.1:443", plaintext: allowed, routes: [ { pool: p } ] }
pools: [ { name: p, quarantine: maint, servers: [ { address: "127.0.0.1:1" } ] } ]
)",
                                        options),
                           "r.yaml");
  };
  EXPECT_NE(with_user("user: ravelin\n").find("\nquarantine: { user: ravelin }\n"),
            std::string::npos);
  EXPECT_NE(with_user("").find("\nquarantine: {}\n"), std::string::npos);
  EXPECT_EQ(with_user("user: ravelin\n", {.has_quarantine = true}).find("quarantine"),
            std::string::npos);
}

TEST(IncludedPolicy, HasLimitsForAnOverloadWhereTheConfigurationHas) {
  const std::string text = R"(version: 1
user: ravelin
firewall: {}
overload: { kernel: { new_per_second: 20 } }
listeners:
  - { name: a, bind: ["0.0.0.0:443", "[::]:443", "127.0.0.1:9000"], plaintext: allowed, forwarded: { trusted: [192.0.2.5] }, routes: [ { pool: p } ] }
  - { name: b, bind: "0.0.0.0:80", redirect: https }
pools: [ { name: p, servers: [ { address: "127.0.0.1:1" } ] } ]
)";
  EXPECT_NE(
      included_policy(derived_from(text), "r.yaml")
          .find("\noverload: { ports: [80, 443], new: 20/s burst 40, except: 192.0.2.5/32 }\n"),
      std::string::npos);
  EXPECT_EQ(included_policy(derived_from(text, {.has_overload = true}), "r.yaml").find("overload:"),
            std::string::npos);
}

TEST(IncludedPolicy, HasTheHandshakesOfListenersAnsweredWhereTheConfigurationHas) {
  const std::string text = R"(version: 1
user: ravelin
firewall: {}
overload: { kernel: { new_per_second: 20, synproxy: a, mss: 1400 } }
listeners:
  - { name: a, bind: ["0.0.0.0:443", "[::]:8443", "127.0.0.1:9000"], plaintext: allowed, routes: [ { pool: p } ] }
  - { name: b, bind: "0.0.0.0:80", redirect: https }
pools: [ { name: p, servers: [ { address: "127.0.0.1:1" } ] } ]
)";
  EXPECT_NE(included_policy(derived_from(text), "r.yaml")
                .find("\noverload: { ports: [80, 443, 8443], new: 20/s burst 40, synproxy: [443, "
                      "8443], mss: 1400 }\n"),
            std::string::npos);
}

TEST(IncludedPolicy, OfAGatewayThatNeedsNothingSaysSo) {
  const DerivedRules rules = derived_from(R"(version: 1
listeners:
  - { name: a, bind: "127.0.0.1:443", plaintext: allowed, routes: [ { pool: p } ] }
pools: [ { name: p, servers: [ { address: "127.0.0.1:1" } ] } ]
)");
  EXPECT_TRUE(included_policy(rules, "r.yaml").ends_with("\nrules: {}\n"));
}

TEST(BackendPolicy, LetsTheGatewaysInAndNobodyElse) {
  const gateway::Config config = configuration_of(kUsual).config;
  auto text = backend_policy(
      config, {.pool = "web", .gateways = {"10.0.1.2", "fd00::2"}, .management = {"10.77.0.0/24"}});
  ASSERT_TRUE(text) << text.error().message;
  *text +=
      R"(  - { name: a gateway, packet: { in: net, from: 10.0.1.2, to: host, service: tcp/8081 }, expect: allow, by: from-gateways }
  - { name: over IPv6, packet: { in: net, from: "fd00::2", to: host, service: tcp/8080 }, expect: allow, by: from-gateways }
  - { name: a neighbour, packet: { in: net, from: 10.0.1.3, to: host, service: tcp/8080 }, expect: deny }
  - { name: an operator, packet: { in: net, from: 10.77.0.9, to: host, service: ssh }, expect: allow, by: operators-ssh }
  - { name: no operator, packet: { in: net, from: 10.0.1.2, to: host, service: ssh }, expect: deny }
)";
  EXPECT_EQ(std::vector<std::string>{}, failed_tests({{"/etc/policy.yaml", *text}})) << *text;
}

TEST(BackendPolicy, ErrorsNameWhatThereIs) {
  const gateway::Config config = configuration_of(kUsual).config;
  const auto unknown = backend_policy(config, {.pool = "wbe"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ("there is no pool \"wbe\" (there are: web, api)", unknown.error().message);
  const auto portless = backend_policy(configuration_of(R"(version: 1
listeners:
  - { name: a, bind: "127.0.0.1:443", plaintext: allowed, routes: [ { pool: p } ] }
pools: [ { name: p, servers: [ { address: "unix:/run/app.sock" } ] } ]
)")
                                           .config,
                                       {.pool = "p"});
  ASSERT_FALSE(portless);
  EXPECT_EQ("/etc/r.yaml:4: the ports of pool \"p\" are not known here", portless.error().message);
}

}  // namespace
}  // namespace ravelin::system
