#include "gateway/config/parse.h"

#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kSmall =
    "version: 1\n"
    "listeners:\n"
    "  - name: web\n"
    "    bind: \"127.0.0.1:0\"\n"
    "    tls: { certificates: [{ chain: w.crt, key: keys/w.key }] }\n"
    "    routes: [{ pool: web }]\n"
    "pools:\n"
    "  - { name: web, servers: [{ address: \"10.0.0.1:80\" }] }\n";

TEST(ParseConfig, GivesTheSecureDefaultsToTheSmallestFile) {
  const Checked checked = check_text(kSmall);
  EXPECT_THAT(checked.findings, IsEmpty());
  const Config& config = checked.parsed.config;
  EXPECT_EQ(config.path, "/etc/r.yaml");
  EXPECT_EQ(config.workers, 0);
  EXPECT_EQ(config.user, "");
  EXPECT_EQ(config.admin.socket, "");
  EXPECT_FALSE(config.admin.listen);
  ASSERT_THAT(config.listeners, SizeIs(1));
  const ListenerConfig& listener = config.listeners[0];
  EXPECT_EQ(listener.pos, (SourcePos{"/etc/r.yaml", 3, 5}));
  EXPECT_FALSE(listener.plaintext_allowed);
  ASSERT_TRUE(listener.tls);
  EXPECT_EQ(listener.tls->profile, TlsProfile::intermediate);
  EXPECT_EQ(listener.tls->hsts.max_age, 63'072'000s);
  EXPECT_EQ(listener.tls->client_auth.mode, ClientAuthMode::none);
  ASSERT_THAT(listener.tls->certificates, SizeIs(1));
  EXPECT_EQ(listener.tls->certificates[0].chain, "/etc/w.crt");
  EXPECT_EQ(listener.tls->certificates[0].key, "/etc/keys/w.key");
  ASSERT_THAT(listener.routes, SizeIs(1));
  EXPECT_EQ(listener.routes[0].name, "web/0");
  EXPECT_EQ(listener.routes[0].path_policy, PathPolicy::reject);
  ASSERT_THAT(config.pools, SizeIs(1));
  EXPECT_EQ(config.pools[0].balance, Balance::round_robin);
  EXPECT_EQ(config.pools[0].servers[0].name, "10.0.0.1:80");
  EXPECT_FALSE(config.pools[0].health);
}

TEST(ParseConfig, ResolvesPathsBesideTheFileThatNamesThem) {
  const Checked checked = check_files({
      {"/etc/r.yaml",
       "version: 1\ninclude: sites/*.yaml\npools: [{ name: web, servers: [{ address: "
       "\"10.0.0.1:80\", tls: { ca: ca.pem } }] }]\n"},
      {"/etc/sites/a.yaml",
       "listeners: [{ name: a, bind: \"127.0.0.1:1\", tls: { certificates: [{ chain: a.crt, key: "
       "../a.key }] }, routes: [{ pool: web }] }]\n"},
      {"/etc/sites/b.yaml",
       "listeners: [{ name: b, bind: \"127.0.0.1:2\", tls: { certificates: [{ chain: b.crt, key: "
       "/k/b.key }] }, routes: [{ pool: web }] }]\n"},
  });
  EXPECT_THAT(checked.findings, IsEmpty());
  const Config& config = checked.parsed.config;
  EXPECT_THAT(config.files, ElementsAre("/etc/r.yaml", "/etc/sites/a.yaml", "/etc/sites/b.yaml"));
  ASSERT_THAT(config.listeners, SizeIs(2));
  EXPECT_EQ(config.listeners[0].tls->certificates[0].chain, "/etc/sites/a.crt");
  EXPECT_EQ(config.listeners[0].tls->certificates[0].key, "/etc/a.key");
  EXPECT_EQ(config.listeners[1].tls->certificates[0].key, "/k/b.key");
  EXPECT_EQ(config.pools[0].servers[0].tls->ca, "/etc/ca.pem");
  EXPECT_EQ(config.listeners[1].pos.file, "/etc/sites/b.yaml");
}

TEST(ParseConfig, TakesUrisOfKeysAsTheyStand) {
  const Checked checked = check_text(
      "version: 1\nlisteners: [{ name: a, bind: \"127.0.0.1:1\", tls: { certificates: [\n"
      "{ chain: a.crt, key: \"pkcs11:object=a\", pin_file: a.pin },\n"
      "{ chain: b.crt, key: b.key, pass_file: b.pass }] }, routes: [{ pool: web }] }]\n"
      "pools: [{ name: web, servers: [{ address: \"10.0.0.1:80\", tls: { certificate: c.crt, key: "
      "\"pkcs11:object=c\", pin_file: c.pin } }] }]\n");
  EXPECT_THAT(checked.findings, IsEmpty());
  const auto& certificates = checked.parsed.config.listeners.at(0).tls->certificates;
  EXPECT_EQ(certificates.at(0).key, "pkcs11:object=a");
  EXPECT_EQ(certificates.at(0).key_secret, "/etc/a.pin");
  EXPECT_EQ(certificates.at(1).key, "/etc/b.key");
  EXPECT_EQ(certificates.at(1).key_secret, "/etc/b.pass");
  const auto& tls = checked.parsed.config.pools.at(0).servers.at(0).tls;
  EXPECT_EQ(tls->key, "pkcs11:object=c");
  EXPECT_EQ(tls->key_secret, "/etc/c.pin");
}

TEST(ParseConfig, WantsTheSecretThatFitsTheKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"key: \"pkcs11:object=a\", pass_file: x", "a token has a PIN"},
      {"key: a.key, pin_file: x", "a file has a passphrase"},
      {"key: \"pkcs11:object=a?pin-value=1234\"", "has a PIN in it"},
  };
  for (const auto& [keys, says] : cases) {
    const Checked checked = check_text(fmt::format(
        "version: 1\nlisteners: [{{ name: a, bind: \"127.0.0.1:1\", tls: {{ certificates: "
        "[{{ chain: a.crt, {} }}] }}, routes: [{{ respond: {{ status: 204 }} }}] }}]\n",
        keys));
    ASSERT_THAT(checked.findings, SizeIs(1)) << keys;
    EXPECT_THAT(checked.findings.at(0), HasSubstr(says));
    EXPECT_THAT(checked.findings.at(0), ::testing::Not(HasSubstr("1234")));
  }
}

TEST(ParseConfig, InheritsTheGlobalTlsProfile) {
  const Checked checked = check_text(std::string("tls: { profile: modern }\n") + kSmall);
  EXPECT_THAT(checked.findings, IsEmpty());
  EXPECT_EQ(checked.parsed.config.listeners[0].tls->profile, TlsProfile::modern);
}

TEST(ParseConfig, GivesRoutesTheLimitsOfTheirListenerUnlessTheyHaveTheirOwn) {
  const Checked checked = check_text(
      "version: 1\n"
      "listeners:\n"
      "  - name: web\n"
      "    bind: \"127.0.0.1:0\"\n"
      "    tls: { certificates: [{ chain: w.crt, key: w.key }] }\n"
      "    limits: { rate: { requests: 5, per: 1m }, concurrent: { requests: 7 } }\n"
      "    routes:\n"
      "      - { pool: web }\n"
      "      - { match: { host: a }, pool: web, limits: { rate: { requests: 9, burst: 90, key: { "
      "header: X-Api-Key } } } }\n"
      "      - { match: { host: b }, pool: web, limits: { rate: off, bandwidth: { up: 1MiB } } }\n"
      "pools:\n"
      "  - { name: web, servers: [{ address: \"10.0.0.1:80\" }] }\n");
  EXPECT_THAT(checked.findings, IsEmpty());
  const std::vector<RouteConfig>& routes = checked.parsed.config.listeners[0].routes;
  ASSERT_THAT(routes, SizeIs(3));
  const RateLimitConfig by_client{.requests = 5, .per = 1min, .burst = 5, .key = {}};
  EXPECT_EQ(routes[0].limits.rate, by_client);
  EXPECT_EQ(routes[0].limits.concurrent->requests, 7U);
  EXPECT_FALSE(routes[0].limits.bandwidth);
  EXPECT_EQ(routes[1].limits.rate->burst, 90U);
  EXPECT_EQ(routes[1].limits.rate->key,
            (LimitKeyConfig{LimitKeyConfig::Kind::header, "x-api-key"}));
  EXPECT_EQ(routes[1].limits.concurrent->requests, 7U);
  EXPECT_FALSE(routes[2].limits.rate);
  EXPECT_EQ(routes[2].limits.bandwidth,
            (BandwidthLimitConfig{.down_bytes_per_s = 0, .up_bytes_per_s = 1024 * 1024}));
}

TEST(ParseConfig, BansNobodyUnlessAskedTo) {
  EXPECT_FALSE(check_text(kSmall).parsed.config.abuse);
  const Checked checked = check_text(std::string("abuse: {}\noverload: { memory_max: off, "
                                                 "refuse_connections: off }\n") +
                                     kSmall);
  EXPECT_THAT(checked.findings, IsEmpty());
  ASSERT_TRUE(checked.parsed.config.abuse);
  EXPECT_EQ(checked.parsed.config.abuse->budget, 200U);
  EXPECT_EQ(checked.parsed.config.abuse->ban, 1min);
  EXPECT_EQ(checked.parsed.config.abuse->ban_max, 24h);
  EXPECT_TRUE(checked.parsed.config.abuse->triggers.empty());
  EXPECT_EQ(checked.parsed.config.overload.memory, OverloadConfig::Memory::off);
  EXPECT_EQ(checked.parsed.config.overload.refuse_connections, OverloadThresholds{});
  EXPECT_EQ(checked.parsed.config.overload.shed_requests, (OverloadThresholds{98, 92}));
}

TEST(ParseConfig, LeavesTheCertificatesToTheirPart) {
  const Checked checked = check_text(
      std::string("certs: { store: store, issuers: { le: { acme: x } }, names: [] }\n") + kSmall);
  EXPECT_THAT(checked.findings, IsEmpty());
  EXPECT_EQ(checked.parsed.config.certs_store, "/etc/store");
}

TEST(ParseConfig, ReadsWhereTheFirewallIs) {
  const Checked checked = check_text(
      std::string("firewall: { manage: true, policy: p.yaml, state: /s, socket: /run/f.sock }\n") +
      kSmall);
  EXPECT_THAT(checked.findings, IsEmpty());
  const FirewallConfig& firewall = *checked.parsed.config.firewall;
  EXPECT_TRUE(firewall.manages);
  EXPECT_EQ(firewall.policy, "/etc/p.yaml");
  EXPECT_EQ(firewall.state, "/s");
  EXPECT_EQ(firewall.socket, "/run/f.sock");
}

TEST(ParseConfig, DoesNotBlameMissingPartsOnABrokenInclude) {
  const Checked checked = check_files({
      {"/etc/r.yaml", "version: 1\ninclude: a.yaml\nworkers: many\n"},
      {"/etc/a.yaml", "listeners: [\n"},
  });
  EXPECT_THAT(checked.findings,
              ElementsAre(HasSubstr("/etc/a.yaml:2:1: not valid YAML"),
                          HasSubstr("3:10: workers: \"many\" is not a whole number")));
}

// One line of a listener, route, pool, server or the top, and the finding it earns.
struct BadLine {
  const char* name;
  const char* where;
  const char* line;
  const char* finding;  // without the place
};

constexpr BadLine kBadLines[] = {
    {"Version", "top", "version: 2", "version: 2 is not a version this program reads (1)"},
    {"VersionText", "top", "version: \"1\"",
     "version: \"1\" is text; write the number without quotes"},
    {"WorkersZero", "top", "workers: 0", "workers: 0 is out of range (1 to 1024)"},
    {"User", "top", "user: \"a b\"", "user: \"a b\" is not a user or group name"},
    {"AdminListen", "top", "admin: { listen: \"localhost:1\" }",
     "admin.listen: \"localhost:1\" is not an IP address and port"},
    {"AdminUnknown", "top", "admin: { liste: x }",
     "admin: unknown key \"liste\" (did you mean \"listen\"?)"},
    {"LogLevel", "top", "log: { level: loud }",
     "log.level: \"loud\" is not one of trace, debug, info, warn, error"},
    {"DrainTimeout", "top", "drain_timeout: 500ms", "drain_timeout: 500ms is finer than 1s"},
    {"Overload", "top", "overload: { requests_max: 0 }",
     "overload.requests_max: 0 is out of range (1 to 10000000)"},
    {"CertsIsText", "top", "certs: x", "certs: must be a map, not a single value"},
    {"FirewallIsList", "top", "firewall: []", "firewall: must be a map, not a list"},
    {"OverloadMemory", "top", "overload: { memory_max: 1MiB }",
     "overload.memory_max: 1MiB is out of range (16MiB to 1024GiB)"},
    {"OverloadWord", "top", "overload: { shed_requests: never }",
     "overload.shed_requests: must be \"off\" or a map"},
    {"OverloadLeave", "top", "overload: { shed_requests: { enter: 99, leave: 99 } }",
     "overload.shed_requests: \"leave\" must be below \"enter\""},
    {"OverloadOrder", "top", "overload: { shed_requests: { enter: 80, leave: 70 } }",
     "overload: \"stop_keep_alive\", \"refuse_connections\" and \"shed_requests\" begin in this "
     "order: \"enter\" must not fall"},
    {"AbuseBudget", "top", "abuse: { budget: 1 }",
     "abuse.budget: 1 is out of range (10 to 1000000)"},
    {"AbuseBanMax", "top", "abuse: { ban: 1h, ban_max: 1m }",
     "abuse: \"ban_max\" is below \"ban\""},
    {"TriggerOfTwoKinds", "top",
     "abuse: { triggers: [{ name: a, event: handshake, paths: /x, count: 1 }] }",
     "abuse.triggers[0]: needs one of \"event\", \"statuses\" and \"paths\""},
    {"TriggerOfNoKind", "top", "abuse: { triggers: [{ name: a, count: 1 }] }",
     "abuse.triggers[0]: needs one of \"event\", \"statuses\" and \"paths\""},
    {"TriggerWithoutCount", "top", "abuse: { triggers: [{ name: a, paths: /x }] }",
     "abuse.triggers[0]: \"count\" is missing"},
    {"TriggersOfOneName", "top",
     "abuse: { triggers: [{ name: a, paths: /x, count: 1 }, { name: a, paths: /y, count: 1 }] }",
     "abuse: two triggers have the name \"a\""},
    {"TriggerPath", "top", "abuse: { triggers: [{ name: a, paths: wp-login.php, count: 1 }] }",
     "abuse.triggers[0].paths: \"wp-login.php\" does not start with \"/\""},
    {"TriggerPathOfAll", "top", "abuse: { triggers: [{ name: a, paths: \"*\", count: 1 }] }",
     "abuse.triggers[0].paths: \"*\" matches nothing (\"*\" stands in front of the end of a path)"},
    {"FirewallBans", "top", "firewall: { bans: maybe }",
     "firewall.bans: \"maybe\" is not true or false"},
    {"AbuseNever", "top", "abuse: { never: [10.0.0.1/8] }",
     "abuse.never[0]: \"10.0.0.1/8\" has host bits set (write 10.0.0.0/8)"},
    {"TlsProfile", "top", "tls: { profile: old }",
     "tls.profile: \"old\" is not one of intermediate, modern"},
    {"ListenerName", "listener", "name: a b",
     "listeners[0].name: \"a b\" is not a name (1 to 64 letters, digits, \".\", \"_\" and \"-\", a "
     "letter or digit first)"},
    {"BindPort", "listener", "bind: \"0.0.0.0:70000\"",
     "listeners[0].bind: \"0.0.0.0:70000\" is not an address and port (port is 1 to 65535)"},
    {"BindName", "listener", "bind: \"localhost:443\"",
     "listeners[0].bind: \"localhost:443\" is not an address and port (a name cannot be bound)"},
    {"BindInList", "listener", "bind: [\"127.0.0.1:1\", x]",
     "listeners[0].bind[1]: \"x\" is not an address and port"},
    {"Plaintext", "listener", "plaintext: true",
     "listeners[0].plaintext: \"true\" is not one of allowed"},
    {"ListenerKey", "listener", "hanshake_timeout: 1s",
     "listeners[0]: unknown key \"hanshake_timeout\""},
    {"HeaderMax", "listener", "limits: { header_max: 1GiB }",
     "listeners[0].limits.header_max: 1GiB is out of range (1KiB to 64KiB)"},
    {"HeaderMaxBeyondABlock", "listener", "limits: { header_max: 128KiB }",
     "listeners[0].limits.header_max: 128KiB is out of range (1KiB to 64KiB)"},
    {"HeaderCountMax", "listener", "limits: { header_count_max: 129 }",
     "listeners[0].limits.header_count_max: 129 is out of range (8 to 128)"},
    {"LineLongerThanHeader", "listener", "limits: { request_line_max: 64KiB }",
     "listeners[0].limits: \"request_line_max\" is larger than \"header_max\", which includes it"},
    {"RateOfAListener", "listener", "limits: { rate: { requests: 0 } }",
     "listeners[0].limits.rate.requests: 0 is out of range (1 to 1000000)"},
    {"LimitTable", "top", "limits: { rate_entries: 10 }",
     "limits.rate_entries: 10 is out of range (1024 to 16777216)"},
    {"Timeout", "listener", "timeouts: { header: 1d }",
     "listeners[0].timeouts.header: 1d is out of range (100ms to 10m)"},
    {"PerClient", "listener", "connections: { per_client_max: 0 }",
     "listeners[0].connections.per_client_max: 0 is out of range (1 to 10000000)"},
    {"TrustedHostBits", "listener", "forwarded: { trusted: 10.0.0.1/8 }",
     "listeners[0].forwarded.trusted: \"10.0.0.1/8\" has host bits set (write 10.0.0.0/8)"},
    {"CertificateKeyMissing", "listener", "tls: { certificates: [{ chain: a }] }",
     "listeners[0].tls.certificates[0]: \"key\" is missing"},
    {"CertificatesEmpty", "listener", "tls: { certificates: [] }",
     "listeners[0].tls.certificates: is an empty list; write at least one entry"},
    {"StoreFalse", "listener", "tls: { certificates: [{ store: false }] }",
     "listeners[0].tls.certificates[0]: \"store\" can only be true"},
    {"StoreAndFiles", "listener", "tls: { certificates: [{ store: true, chain: a }] }",
     "listeners[0].tls.certificates[0]: unknown key \"chain\""},
    {"ClientAuthMode", "listener",
     "tls: { certificates: [{ chain: a, key: b }], client_auth: { ca: x } }",
     "listeners[0].tls.client_auth: \"mode\" is missing"},
    {"Hsts", "listener", "tls: { certificates: [{ chain: a, key: b }], hsts: no }",
     "listeners[0].tls.hsts: must be \"off\" or a map"},
    {"RouteNoAction", "route", "match: { path: / }",
     "listeners[0].routes[0]: has no action: write one of pool, split, redirect and respond"},
    {"RouteTwoActions", "route", "pool: web, redirect: { location: / }",
     "listeners[0].routes[0]: has more than one action: keep one of pool, split, redirect and "
     "respond"},
    {"SplitOfOne", "route", "split: [{ pool: web, weight: 1 }]",
     "listeners[0].routes[0].split: has 1 entries; 2 to 16 are allowed"},
    {"StickyToBoth", "route", "pool: web, sticky: { header: X-A, cookie: b }",
     "listeners[0].routes[0].sticky: must have one of \"header\" and \"cookie\""},
    {"StickyToNoCookie", "route", "pool: web, sticky: { cookie: \"a b\" }",
     "listeners[0].routes[0].sticky.cookie: \"a b\" is not the name of a cookie"},
    {"RewriteBoth", "route", "pool: web, rewrite: { prefix: /a, path: /b }",
     "listeners[0].routes[0].rewrite: must have one of \"prefix\" and \"path\""},
    {"RewriteNotCanonical", "route", "pool: web, rewrite: { prefix: /a/../b }",
     "listeners[0].routes[0].rewrite.prefix: \"/a/../b\" has a \".\" or \"..\" segment"},
    {"HeadersEmpty", "route", "pool: web, request_headers: {}",
     "listeners[0].routes[0].request_headers: is empty; write \"set\", \"add\" or \"remove\""},
    {"HeadersFraming", "route", "pool: web, request_headers: { set: { Content-Length: \"5\" } }",
     "listeners[0].routes[0].request_headers.set.Content-Length: \"Content-Length\" frames the "
     "message; the gateway writes it itself"},
    {"HeadersForwarding", "route", "pool: web, request_headers: { remove: X-Forwarded-For }",
     "listeners[0].routes[0].request_headers.remove: \"X-Forwarded-For\" is a forwarding field; "
     "the "
     "gateway writes it itself"},
    {"HeadersHopByHop", "route", "pool: web, response_headers: { add: { Connection: close } }",
     "listeners[0].routes[0].response_headers.add.Connection: \"Connection\" belongs to the "
     "connection; the gateway writes it itself"},
    {"HeadersHsts", "route",
     "pool: web, response_headers: { set: { Strict-Transport-Security: max-age=1 } }",
     "listeners[0].routes[0].response_headers.set.Strict-Transport-Security: "
     "\"Strict-Transport-Security\" is decided by \"tls.hsts\" of the listener"},
    {"HeadersLineEnd", "route", "pool: web, response_headers: { set: { X-A: \"a\\r\\nb\" } }",
     "listeners[0].routes[0].response_headers.set.X-A: \"a\\x0d\\nb\" has a control character in "
     "it"},
    {"HeadersVariable", "route", "pool: web, response_headers: { set: { X-A: \"{cookie}\" } }",
     "listeners[0].routes[0].response_headers.set.X-A: \"{cookie}\" has \"{cookie}\" in it; known "
     "are {client} {host} {path} {query} {scheme} {method} {request_id} {listener} {route} {pool} "
     "{sni} {tls.version} {tls.cipher} {tls.subject} {user} and {{ }} for braces"},
    {"RouteBodyMax", "route", "pool: web, limits: { body_max: 2000GiB }",
     "listeners[0].routes[0].limits.body_max: 2000GiB is out of range (0 to 1024GiB)"},
    {"ErrorPageStatus", "route", "pool: web, error_pages: { 302: a.html }",
     "listeners[0].routes[0].error_pages.302: \"302\" is no status of a failure (400 to 599, 4xx "
     "or "
     "5xx)"},
    {"ErrorPagesOfListener", "listener", "error_pages: { 6xx: a.html }",
     "listeners[0].error_pages.6xx: \"6xx\" is no status of a failure (400 to 599, 4xx or 5xx)"},
    {"ErrorPagesEmpty", "route", "pool: web, error_pages: {}",
     "listeners[0].routes[0].error_pages: is empty; write at least one status"},
    {"BasicAuthUsers", "route", "pool: web, basic_auth: { realm: a }",
     "listeners[0].routes[0].basic_auth: \"users\" is missing"},
    {"BasicAuthRealm", "route", "pool: web, basic_auth: { users: u, realm: 'a\"b' }",
     "listeners[0].routes[0].basic_auth.realm: \"a\\\"b\" has a quote or backslash in it"},
    {"MaintenanceRetry", "route", "pool: web, maintenance: { retry_after: 0s }",
     "listeners[0].routes[0].maintenance.retry_after: 0s is out of range (1s to 7d)"},
    {"RouteTwoPaths", "route", "pool: web, match: { path: /a, path_exact: /b }",
     "listeners[0].routes[0].match: has both \"path\" and \"path_exact\""},
    {"RouteHost", "route", "pool: web, match: { host: \"a.test:80\" }",
     "listeners[0].routes[0].match.host: \"a.test:80\" has a port in it; a route matches the host "
     "alone"},
    {"RouteMethod", "route", "pool: web, match: { methods: [GET, post] }",
     "listeners[0].routes[0].match.methods[1]: \"post\" is not a method (methods are "
     "case-sensitive; write it in capitals)"},
    {"RouteMethodsEmpty", "route", "pool: web, match: { methods: [] }",
     "listeners[0].routes[0].match.methods: is an empty list; write at least one entry"},
    {"MatchHost", "route", "pool: web, match: { headers: { Host: a } }",
     "listeners[0].routes[0].match.headers.Host: \"Host\" is matched by \"match.host\""},
    {"MatchConnection", "route", "pool: web, match: { headers: { Upgrade: h2c } }",
     "listeners[0].routes[0].match.headers.Upgrade: \"Upgrade\" belongs to the connection or "
     "frames "
     "the body; no route sees it"},
    {"MatchUnderscore", "route", "pool: web, match: { headers: { X_A: a } }",
     "listeners[0].routes[0].match.headers.X_A: \"X_A\" never arrives: fields with \"_\" in their "
     "name are dropped"},
    {"MatchNoFieldName", "route", "pool: web, match: { headers: { \"a b\": a } }",
     "listeners[0].routes[0].match.headers.\"a b\": \"a b\" is not the name of a header field"},
    {"MatchContradiction", "route",
     "pool: web, match: { headers: { X-A: { present: true }, x-a: { present: false } } }",
     "listeners[0].routes[0].match.headers.x-a: contradicts the condition on the same name at "
     "/etc/r.yaml:7:52; keep one"},
    {"MatchNothing", "route", "pool: web, match: { query: {} }",
     "listeners[0].routes[0].match.query: names 0 conditions; 1 to 16 are allowed"},
    {"MatchTwoTests", "route", "pool: web, match: { query: { v: { prefix: a, present: true } } }",
     "listeners[0].routes[0].match.query.v: must be a value, or a map with one of \"prefix\" and "
     "\"present\""},
    {"MatchNoTest", "route", "pool: web, match: { query: { v: {} } }",
     "listeners[0].routes[0].match.query.v: must be a value, or a map with one of \"prefix\" and "
     "\"present\""},
    {"MatchFrom", "route", "pool: web, match: { from: 10.0.0.1/8 }",
     "listeners[0].routes[0].match.from: \"10.0.0.1/8\" has host bits set (write 10.0.0.0/8)"},
    {"DenyNobody", "route", "pool: web, deny: []",
     "listeners[0].routes[0].deny: is an empty list; write at least one entry"},
    {"RedirectStatus", "route", "redirect: { status: 304, location: / }",
     "listeners[0].routes[0].redirect.status: 304 is no redirect (301, 302, 303, 307 or 308)"},
    {"RedirectLocation", "route", "redirect: { status: 302 }",
     "listeners[0].routes[0].redirect: \"location\" is missing"},
    {"RespondBody", "route", "respond: { status: 204, body: x }",
     "listeners[0].routes[0].respond: a 204 response has no body"},
    {"PathPolicy", "route", "pool: web, path_policy: normalize",
     "listeners[0].routes[0].path_policy: \"normalize\" is not one of reject, normalise (did you "
     "mean normalise?)"},
    {"HedgeWithoutTime", "route", "pool: web, hedge: { percent_max: 10 }",
     "listeners[0].routes[0].hedge: \"after\" is missing"},
    {"HedgeTooSoon", "route", "pool: web, hedge: { after: 1ms }",
     "listeners[0].routes[0].hedge.after: 1ms is out of range (10ms to 1m)"},
    {"HedgeShare", "route", "pool: web, hedge: { after: 1s, percent_max: 0 }",
     "listeners[0].routes[0].hedge.percent_max: 0 is out of range (1 to 100)"},
    {"MirrorWithoutPool", "route", "pool: web, mirror: { percent: 1 }",
     "listeners[0].routes[0].mirror: \"pool\" is missing"},
    {"Retry", "route", "pool: web, retry: { attempts: 11 }",
     "listeners[0].routes[0].retry.attempts: 11 is out of range (0 to 10)"},
    {"Upgrades", "route", "pool: web, upgrades: no",
     "listeners[0].routes[0].upgrades: \"no\" is not true or false"},
    {"Rate", "route", "pool: web, limits: { rate: on }",
     "listeners[0].routes[0].limits.rate: must be \"off\" or a map"},
    {"RateRequests", "route", "pool: web, limits: { rate: { per: 1m } }",
     "listeners[0].routes[0].limits.rate: \"requests\" is missing"},
    {"RateRefill", "route", "pool: web, limits: { rate: { requests: 1, per: 1h, burst: 169 } }",
     "listeners[0].routes[0].limits.rate: takes more than 7 days to give \"burst\" back"},
    {"RateKey", "route", "pool: web, limits: { rate: { requests: 1, key: cookie } }",
     "listeners[0].routes[0].limits.rate.key: \"cookie\" is not one of client, certificate"},
    {"RateHeader", "route", "pool: web, limits: { rate: { requests: 1, key: { header: Host } } }",
     "listeners[0].routes[0].limits.rate.key.header: \"Host\" does not tell clients apart"},
    {"RateHeaderName", "route",
     "pool: web, limits: { rate: { requests: 1, key: { header: \"a b\" } } }",
     "listeners[0].routes[0].limits.rate.key.header: \"a b\" is not the name of a header field"},
    {"Concurrent", "route", "pool: web, limits: { concurrent: { requests: 1, burst: 2 } }",
     "listeners[0].routes[0].limits.concurrent: unknown key \"burst\""},
    {"Bandwidth", "route", "pool: web, limits: { bandwidth: {} }",
     "listeners[0].routes[0].limits.bandwidth: limits nothing: write \"down\", \"up\" or both"},
    {"BandwidthDown", "route", "pool: web, limits: { bandwidth: { down: 1KiB } }",
     "listeners[0].routes[0].limits.bandwidth.down: 1KiB is out of range (16KiB to 1024GiB)"},
    {"Balance", "pool", "balance: rr",
     "pools[0].balance: \"rr\" is not one of round_robin, least_requests, power_of_two, hash"},
    {"HashWithoutBalance", "pool", "hash: { key: path }",
     "pools[0]: \"hash\" needs \"balance: hash\""},
    {"HashKeyWord", "pool", "balance: hash\n    hash: { key: cookie }",
     "pools[0].hash.key: \"cookie\" is not one of client, path"},
    {"HashKeyBoth", "pool", "balance: hash\n    hash: { key: { header: a, cookie: b } }",
     "pools[0].hash.key: needs one of \"header\" and \"cookie\""},
    {"HashKeyNeither", "pool", "balance: hash\n    hash: { key: {} }",
     "pools[0].hash.key: needs one of \"header\" and \"cookie\""},
    {"HashKeyName", "pool", "balance: hash\n    hash: { key: { header: \"a b\" } }",
     "pools[0].hash.key.header: \"a b\" is not a name (1 to 64 letters, digits and "
     "!#$%&'*+-.^_`|~)"},
    {"HashBound", "pool", "balance: hash\n    hash: { load_max_percent: 100 }",
     "pools[0].hash: \"load_max_percent\" must be above 100, else somebody is always over it; 0 "
     "for no bound"},
    {"StickyWithoutCookie", "pool", "sticky: { ttl: 1h }",
     "pools[0].sticky: \"cookie\" is missing"},
    {"StickyCookie", "pool", "sticky: { cookie: \"a=b\" }",
     "pools[0].sticky.cookie: \"a=b\" is not a name (1 to 64 letters, digits and "
     "!#$%&'*+-.^_`|~)"},
    {"StickyEverywhere", "pool", "sticky: { cookie: a, same_site: none, secure: false }",
     "pools[0].sticky: \"same_site: none\" needs \"secure: true\": browsers refuse the cookie "
     "otherwise"},
    {"StickyPrefix", "pool", "sticky: { cookie: __Host-a, secure: false }",
     "pools[0].sticky: a cookie with this prefix needs \"secure: true\""},
    {"Panic", "pool", "panic_percent: 101",
     "pools[0].panic_percent: 101 is out of range (0 to 100)"},
    {"Quarantine", "pool", "quarantine: [ejected, up]",
     "pools[0].quarantine[1]: \"up\" is not one of ejected, down, drain, maint"},
    {"Priority", "server", "address: \"10.0.0.1:80\", priority: 16",
     "pools[0].servers[0].priority: 16 is out of range (0 to 15)"},
    {"PriorityOfABackup", "server",
     "address: \"10.0.0.1:80\", priority: 1, backup: true }, { address: \"10.0.0.2:80\"",
     "pools[0].servers[0]: \"priority\" and \"backup: true\" contradict each other: a backup comes "
     "last"},
    {"ServersMissing", "pool", "servers: []",
     "pools[0].servers: is an empty list; write at least one entry"},
    {"HealthKey", "pool", "health: { kind: tcp, path: / }",
     "pools[0].health: \"path\" needs \"kind: http\""},
    {"HealthStatus", "pool", "health: { status: [200, 2xx] }",
     "pools[0].health.status[1]: \"2xx\" is not a status or a range of them (\"200\", "
     "\"200-399\")"},
    {"HealthPath", "pool", "health: { path: healthz }",
     "pools[0].health.path: \"healthz\" does not start with \"/\""},
    {"Ejection", "pool", "ejection: { base_time: 1h, max_time: 1m }",
     "pools[0].ejection: \"base_time\" is longer than \"max_time\""},
    {"Queue", "pool", "queue: { timeout: 0s }",
     "pools[0].queue.timeout: 0s is out of range (1ms to 1h)"},
    {"ServerAddress", "server", "address: 10.0.0.1",
     "pools[0].servers[0].address: \"10.0.0.1\" is not an address and port"},
    {"ServerPortZero", "server", "address: \"10.0.0.1:0\"",
     "pools[0].servers[0].address: \"10.0.0.1:0\" is not an address and port (port is 1 to 65535)"},
    {"ServerUnixRelative", "server", "address: \"unix:x\"",
     "pools[0].servers[0].address: \"unix:x\" is not absolute (unix:/path)"},
    {"ServerWeight", "server", "address: \"10.0.0.1:80\", weight: 257",
     "pools[0].servers[0].weight: 257 is out of range (0 to 256)"},
    {"ServerBackup", "server", "address: \"10.0.0.1:80\", backup: yes",
     "pools[0].servers[0].backup: \"yes\" is not true or false"},
    {"ServerTlsName", "server", "address: \"10.0.0.1:80\", tls: { name: \"*.a.test\" }",
     "pools[0].servers[0].tls: \"name\" must be one host, not a wildcard"},
};

// A good configuration in which the given line takes the place of its namesake.
std::string with_line(const std::string& where, const std::string& line) {
  const auto is = [&](const char* part, const char* key) {
    return where == part && line.starts_with(std::string(key) + ":");
  };
  const bool is_top = where == "top";
  std::string text;
  if (!is("top", "version")) text += "version: 1\n";
  if (is_top) text += line + "\n";
  text += "listeners:\n  -\n";
  if (!is("listener", "name")) text += "    name: web\n";
  if (!is("listener", "bind")) text += "    bind: \"127.0.0.1:443\"\n";
  if (!is("listener", "tls")) text += "    tls: { certificates: [{ chain: a, key: b }] }\n";
  if (where == "listener") text += "    " + line + "\n";
  text += "    routes: [{ " + (where == "route" ? line : "pool: web") +
          " }, { match: { host: x }, "
          "pool: web }]\n";
  text += "pools:\n  -\n    name: web\n";
  if (where == "pool") text += "    " + line + "\n";
  if (!is("pool", "servers")) {
    text += "    servers: [{ " + (where == "server" ? line : "address: \"10.0.0.1:80\"") + " }]\n";
  }
  return text;
}

class ParseConfigRefuses : public ::testing::TestWithParam<BadLine> {};

TEST_P(ParseConfigRefuses, AndReportsNothingElse) {
  const Checked checked = check_text(with_line(GetParam().where, GetParam().line));
  ASSERT_THAT(checked.findings, SizeIs(1));
  const std::string& finding = checked.findings[0];
  EXPECT_EQ(finding.substr(finding.find(": ") + 2), GetParam().finding);
}

INSTANTIATE_TEST_SUITE_P(All, ParseConfigRefuses, ::testing::ValuesIn(kBadLines),
                         [](const auto& row) { return row.param.name; });

TEST(ParseConfig, WantsAVersionAndListeners) {
  EXPECT_THAT(check_text("").findings, ElementsAre("1:1: \"version\" is missing",  //
                                                   "1:1: \"listeners\" is missing"));
  EXPECT_THAT(check_text("- a\n").findings,
              ElementsAre("1:1: the file must be a map of keys, not a list"));
}

}  // namespace
}  // namespace ravelin::gateway
