#include "tests/system/derive/derived_text.h"

#include <algorithm>

namespace ravelin::system {
namespace {

using Texts = std::vector<std::string>;

const DerivedRule* find(const std::vector<DerivedRule>& rules, const std::string& id) {
  const auto found = std::ranges::find(rules, id, &DerivedRule::id);
  return found == rules.end() ? nullptr : &*found;
}

Texts ids_of(const std::vector<DerivedRule>& rules) {
  Texts ids;
  ids.reserve(rules.size());
  for (const DerivedRule& rule : rules)
    ids.push_back(rule.id);
  return ids;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(std::string::npos, at) << what;
  return text.replace(at, what.size(), with);
}

TEST(Derive, OpensEachListenerWithItsLimitsAndItsPlace) {
  const DerivedRules rules = derived_from(kUsual);
  EXPECT_EQ((Texts{"listener-web-443", "listener-plain-80"}), ids_of(rules.to_host));
  const DerivedRule* web = find(rules.to_host, "listener-web-443");
  ASSERT_NE(nullptr, web);
  EXPECT_EQ(Texts{"tcp/443"}, web->service);
  EXPECT_EQ(Texts{}, web->to);  // all addresses of both families
  EXPECT_EQ(200U, web->connections);
  EXPECT_EQ("1000/s burst 2000", web->new_connections);
  EXPECT_EQ("r.yaml:4: listener web", web->note);
  EXPECT_EQ(Texts{"0.0.0.0/0"}, find(rules.to_host, "listener-plain-80")->to);
}

TEST(Derive, OpensWhereAListenerIsBoundAndNowhereElse) {
  struct Case {
    const char* bind;
    Texts to;
    std::size_t rules;
  };

  const Case cases[] = {
      {R"("192.0.2.1:443")", {"192.0.2.1"}, 1},
      {R"(["192.0.2.1:443", "[2001:db8::1]:443"])", {"192.0.2.1", "2001:db8::1"}, 1},
      {R"(["0.0.0.0:443", "[2001:db8::1]:443"])", {"0.0.0.0/0", "2001:db8::1"}, 1},
      {R"("[::]:443")", {"::/0"}, 1},
      {R"("127.0.0.1:443")", {}, 0},
      {R"("[::1]:443")", {}, 0},
      {R"("unix:/run/web.sock")", {}, 0},
      {R"(["127.0.0.1:443", "192.0.2.1:443", "unix:/run/web.sock"])", {"192.0.2.1"}, 1},
      {R"(["192.0.2.1:443", "192.0.2.1:8443"])", {"192.0.2.1"}, 2},
  };
  for (const Case& each : cases) {
    const DerivedRules rules =
        derived_from(replaced(kUsual, R"(["0.0.0.0:443", "[::]:443"])", each.bind));
    ASSERT_EQ(each.rules + 1, rules.to_host.size()) << each.bind;
    if (each.rules != 0) EXPECT_EQ(each.to, rules.to_host.front().to) << each.bind;
  }
}

TEST(Derive, ProxiesAreNotCountedAsOneClient) {
  const DerivedRules rules =
      derived_from(replaced(kUsual, "connections:",
                            "forwarded: { trusted: [198.51.100.0/24] }\n"
                            "    proxy_protocol: { from: [203.0.113.0/24] }\n    connections:"));
  ASSERT_EQ("proxies-web-443", rules.to_host.front().id);
  EXPECT_EQ((Texts{"198.51.100.0/24", "203.0.113.0/24"}), rules.to_host.front().from);
  EXPECT_EQ(0U, rules.to_host.front().connections);
  EXPECT_EQ("", rules.to_host.front().new_connections);
}

TEST(Derive, TheGatewaySendsToItsServersAndToNobodyElse) {
  const DerivedRules rules = derived_from(kUsual);
  EXPECT_EQ(
      (Texts{"pool-web-8080", "pool-web-8081", "pool-api-9000", "gateway-egress", "host-egress"}),
      ids_of(rules.from_host));
  EXPECT_EQ((Texts{"10.0.1.11", "10.0.1.12"}), rules.from_host[0].to);
  EXPECT_EQ(Texts{"10.0.1.11"}, rules.from_host[1].to);
  EXPECT_EQ(Texts{"fd00::5"}, rules.from_host[2].to);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ("ravelin", rules.from_host[i].user);
  EXPECT_EQ(DerivedVerb::deny, rules.from_host[3].verb);
  EXPECT_EQ(Texts{}, rules.from_host[3].service);
  EXPECT_EQ("", rules.from_host[4].user);
  EXPECT_TRUE(rules.findings.findings().empty());
}

TEST(Derive, LeavesOthersToAPolicyThatGovernsThem) {
  const DerivedRules rules = derived_from(kUsual, {.governs_egress = true});
  EXPECT_EQ("gateway-egress", rules.from_host.back().id);
}

TEST(Derive, WithoutAUserNothingIsSaidAboutWhatIsSent) {
  const DerivedRules rules = derived_from(replaced(kUsual, "user: ravelin\n", ""));
  EXPECT_TRUE(rules.from_host.empty());
  ASSERT_EQ(1U, rules.findings.findings().size());
  EXPECT_NE(std::string::npos, rules.findings.findings()[0].message.find("cannot be told"));
}

TEST(Derive, NamesNeedAResolver) {
  const DerivedRules rules = derived_from(
      replaced(kUsual, R"([ { address: "[fd00::5]:9000" } ])",
               R"([ { address: "app.internal:9000" }, { address: "localhost:9000" } ])"));
  EXPECT_EQ(Texts{"app.internal"}, find(rules.from_host, "pool-api-9000")->to);
  const DerivedRule* dns = find(rules.from_host, "dns-servers-53");
  ASSERT_NE(nullptr, dns);
  EXPECT_EQ((Texts{"udp/53", "tcp/53"}), dns->service);
  EXPECT_EQ(Texts{}, dns->to);
  ASSERT_EQ(1U, rules.findings.findings().size());
  EXPECT_NE(std::string::npos,
            rules.findings.findings()[0].message.find("app.internal stands for is looked up"));
}

TEST(Derive, NamedResolversAreTheOnlyOnes) {
  const DerivedRules rules = derived_from(replaced(
      replaced(kUsual, R"([ { address: "[fd00::5]:9000" } ])",
               R"([ { address: "app.internal:9000" } ])"),
      "user: ravelin\n", "user: ravelin\ndns: { servers: [10.0.0.53, \"127.0.0.1:5353\"] }\n"));
  EXPECT_EQ(Texts{"10.0.0.53"}, find(rules.from_host, "dns-servers-53")->to);
  EXPECT_EQ(nullptr, find(rules.from_host, "dns-servers-5353"));
}

TEST(Derive, CertificateAuthoritiesAreReachedByTheirPort) {
  const DerivedRules rules = derived_from(
      std::string(kUsual) +
      "certs: { store: /s, issuers: { le: { acme: \"https://ca.example.com/directory\" },\n"
      "  own: { ca: local }, x: { acme: \"https://ca.example.net:14000/dir\" } } }\n");
  EXPECT_EQ(Texts{"tcp/443"}, find(rules.from_host, "issuer-le-443")->service);
  EXPECT_EQ(Texts{"tcp/14000"}, find(rules.from_host, "issuer-x-14000")->service);
  EXPECT_EQ(Texts{}, find(rules.from_host, "issuer-le-443")->to);
  EXPECT_NE(nullptr, find(rules.from_host, "dns-servers-53"));
}

TEST(Derive, ListsOfRevokedClientsAreReached) {
  const DerivedRules rules = derived_from(replaced(
      kUsual, "key: a.key } ] }",
      "key: a.key } ], client_auth: { mode: require, ca: c.pem, crl_cache: crls, crl: [ c.crl,\n"
      "      \"http://crl.example.com/c.crl\", \"http://crl.example.net/d.crl\",\n"
      "      \"https://10.0.2.7:8443/e.crl\", \"http://127.0.0.1/f.crl\" ] } }"));
  EXPECT_EQ((Texts{"pool-web-8080", "pool-web-8081", "pool-api-9000", "crl-web-80", "crl-web-8443",
                   "dns-servers-53", "gateway-egress", "host-egress"}),
            ids_of(rules.from_host));
  EXPECT_EQ(Texts{}, find(rules.from_host, "crl-web-80")->to);
  EXPECT_EQ(Texts{"10.0.2.7"}, find(rules.from_host, "crl-web-8443")->to);
  EXPECT_EQ("ravelin", find(rules.from_host, "crl-web-80")->user);
  EXPECT_EQ("r.yaml:6: client_auth of listener web", find(rules.from_host, "crl-web-80")->note);
}

TEST(Derive, SaysWhatItCannotKnow) {
  struct Case {
    const char* what;
    const char* with;
    const char* said;
  };

  const Case cases[] = {
      {R"(bind: "0.0.0.0:80")", R"(bind: "systemd:plain")",
       "the port of systemd:plain is not known here"},
      {"user: ravelin\n", "user: ravelin\nadmin: { listen: \"10.0.0.1:9900\" }\n",
       "admin.listen: 10.0.0.1:9900 is not opened"},
      {R"([ { address: "[fd00::5]:9000" } ])", R"([ { address: "app:9000" } ])",
       "\"app\" is no name a policy can write"},
      {R"(servers: [ { address: "[fd00::5]:9000" } ])",
       R"(discover: { dns: { name: _http._tcp.app.internal, records: srv } })",
       "the servers and ports of SRV records are not known here"},
      {R"(servers: [ { address: "[fd00::5]:9000" } ])", R"(discover: { file: { path: /s.yaml } })",
       "servers that come from /s.yaml are not known here"},
  };
  for (const Case& each : cases) {
    const Texts said = texts_of(derived_from(replaced(kUsual, each.what, each.with)).findings);
    ASSERT_EQ(1U, said.size()) << each.with;
    EXPECT_NE(std::string::npos, said[0].find(each.said)) << said[0];
    EXPECT_EQ(0U, said[0].find("/etc/r.yaml:")) << said[0];
  }
}

TEST(Derive, IdsAreUniqueAndOfTheLanguagesForm) {
  std::string text = replaced(kUsual, "name: plain", "name: \"web!\"");
  text = replaced(text, "0.0.0.0:80\"", "192.0.2.9:443\"");
  text = replaced(text, R"(["0.0.0.0:443", "[::]:443"])", R"("192.0.2.8:443")");
  base::yaml::TableLoader loader({{"/etc/r.yaml", text}});
  base::Diagnostics diagnostics;
  gateway::Config config = gateway::load_config("/etc/r.yaml", loader, diagnostics).config;
  for (gateway::ListenerConfig& listener : config.listeners)
    listener.name = listener.name == "web" ? "a b" : "a-b";
  const DerivedRules rules = derive(config, {}, {});
  EXPECT_EQ((Texts{"listener-a-b-443", "listener-a-b-443.2"}), ids_of(rules.to_host));
}

}  // namespace
}  // namespace ravelin::system
