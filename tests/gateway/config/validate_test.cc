#include "gateway/config/validate.h"

#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

constexpr const char* kTls = "tls: { certificates: [{ chain: a, key: b }] }";

// A configuration of whole listener and pool lines.
std::string config_of(const std::vector<std::string>& listeners,
                      const std::vector<std::string>& pools, const std::string& top = "") {
  std::string text = "version: 1\n" + top + "listeners:\n";
  for (const std::string& listener : listeners)
    text += "  - { " + listener + " }\n";
  text += "pools:\n";
  for (const std::string& pool : pools)
    text += "  - { " + pool + " }\n";
  return text;
}

std::string web(const std::string& routes) {
  return std::string("name: web, bind: \"127.0.0.1:443\", ") + kTls + ", routes: [" + routes + "]";
}

const std::string kPool = "name: web, servers: [{ address: \"10.0.0.1:80\" }]";

struct Row {
  const char* name;
  std::string text;
  std::vector<std::string> findings;  // without place
};

const Row kRows[] = {
    {"RoutesToAnUnknownPool",
     config_of({web("{ pool: blue }, { match: { host: a }, pool: web }")}, {kPool}),
     {"listeners[0].routes[0].pool: pool \"blue\" is not defined (defined: web)"}},
    {"PoolWithoutRoute",
     config_of({web("{ pool: web }")},
               {kPool, "name: green, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"warning: pools[1]: pool \"green\" is used by no route"}},
    {"PoolNameTwice",
     config_of({web("{ pool: web }")}, {kPool, kPool}),
     {"pools[1].name: pool \"web\" is already defined at /etc/r.yaml:5:13"}},
    {"ListenerNameTwice",
     config_of({web("{ pool: web }"), std::string("name: web, bind: \"127.0.0.1:444\", ") + kTls +
                                          ", routes: [{ pool: web }]"},
               {kPool}),
     {"listeners[1].name: listener \"web\" is already defined at /etc/r.yaml:3:13"}},
    {"RouteNameTwice",
     config_of({web("{ name: r, pool: web }, { name: r, match: { host: a }, pool: web }")},
               {kPool}),
     {"listeners[0].routes[1].name: route \"r\" is already defined at /etc/r.yaml:3:105"}},
    {"ServerTwice",
     config_of(
         {web("{ pool: web }")},
         {"name: web, servers: [{ address: \"10.0.0.1:80\" }, { address: \"10.0.0.1:80\" }]"}),
     {"pools[0].servers[1]: server \"10.0.0.1:80\" is already in this pool at /etc/r.yaml:5:28"}},
    {"ServerAddressTwice",
     config_of({web("{ pool: web }")},
               {"name: web, servers: [{ address: \"10.0.0.1:80\" }, { name: b, address: "
                "\"10.0.0.1:80\" }]"}),
     {"warning: pools[0].servers[1]: has the address of server \"10.0.0.1:80\"; its share is "
      "counted twice"}},
    {"PoolOfBackups",
     config_of({web("{ pool: web }")},
               {"name: web, servers: [{ address: \"10.0.0.1:80\", backup: true }]"}),
     {"pools[0].servers: are all backups; at least one must not be"}},
    {"PoolWithoutWeight",
     config_of({web("{ pool: web }")},
               {"name: web, servers: [{ address: \"10.0.0.1:80\", weight: 0 }]"}),
     {"warning: pools[0].servers: have no weight: without a backup in use every request would be "
      "503"}},
    {"KernelOverloadWithoutAFirewall",
     config_of({web("{ pool: web }")}, {kPool}, "overload: { kernel: { new_per_second: 5 } }\n"),
     {"overload.kernel: needs \"firewall\" (and its \"bans\"): its agent is who limits "
      "connections"}},
    {"SynproxyOfNobody",
     config_of({web("{ pool: web }")}, {kPool},
               "firewall: {}\noverload: { kernel: { new_per_second: 5, synproxy: [other] } }\n"),
     {"overload.kernel.synproxy: there is no listener \"other\""}},
    {"QuarantineWithoutAFirewall",
     config_of({web("{ pool: web }")}, {kPool + ", quarantine: [drain, maint]"}),
     {"pools[0].quarantine: needs \"firewall\" (and its \"bans\"): its agent is who cuts servers "
      "off"}},
    {"QuarantineOfWhatPanicUses",
     config_of({web("{ pool: web }")}, {kPool + ", panic_percent: 50, quarantine: ejected"},
               "firewall: {}\n"),
     {"pools[0].quarantine: would cut off the servers that \"panic_percent\" falls back on: keep "
      "one of the two, or only drain and maint here"}},
    {"QuarantineOfItsOwnChecks",
     config_of({web("{ pool: web }")},
               {kPool + ", health: { kind: command, command: [/bin/true] }, quarantine: [down]"},
               "firewall: {}\n"),
     {"pools[0].quarantine: would cut off what \"health.command\" sends as well, and a server "
      "would stay down: only maint goes with it"}},
    {"QuarantineOfSessions",
     config_of({web("{ pool: web }")},
               {kPool + ", sticky: { cookie: s }, quarantine: [drain, maint]"}, "firewall: {}\n"),
     {"pools[0].quarantine: would cut off the sessions that \"sticky\" keeps on a server while it "
      "drains: leave drain out"}},
    {"Quarantine",
     config_of({web("{ pool: web }")}, {kPool + ", quarantine: [ejected, down, drain, maint]"},
               "firewall: {}\n"),
     {}},
    {"ZonesWithoutOne",
     config_of({web("{ pool: web }")},
               {"name: web, servers: [{ address: \"10.0.0.1:80\", zone: a }]"}),
     {"warning: pools[0].servers: have zones, but the gateway has none: they do not count "
      "(\"zone\" at the top)"}},
    {"ZonesElsewhere",
     config_of({web("{ pool: web }")},
               {"name: web, servers: [{ address: \"10.0.0.1:80\", zone: a }]"}, "zone: b\n"),
     {"warning: pools[0].servers: are all outside of this gateway's zone \"b\""}},
    {"ZoneHere",
     config_of({web("{ pool: web }")},
               {"name: web, servers: [{ address: \"10.0.0.1:80\", zone: a }]"}, "zone: a\n"),
     {}},
    {"UnixServerWithTls",
     config_of({web("{ pool: web }")}, {"name: web, servers: [{ address: \"unix:/a\", tls: {} }]"}),
     {"pools[0].servers[0].tls: needs \"name\": a Unix socket has no host name to verify"}},
    {"CertificateKeyWithoutCertificates",
     config_of({web("{ pool: web, limits: { rate: { requests: 1, key: certificate } } }")},
               {kPool}),
     {"listeners[0].routes[0].limits.rate.key: counts by client certificate, but "
      "\"tls.client_auth\" asks for none"}},
    {"RateOfARedirectingListener",
     config_of({web("{ pool: web }"),
                "name: plain, bind: \"127.0.0.1:80\", redirect: https, "
                "limits: { rate: { requests: 1 } }"},
               {kPool}),
     {"listeners[1].limits: \"rate\", \"concurrent\" and \"bandwidth\" are for routes; this "
      "listener redirects"}},
    {"Plaintext",
     config_of({"name: web, bind: \"127.0.0.1:80\", routes: [{ pool: web }]"}, {kPool}),
     {"listeners[0]: carries plaintext; add \"tls\", or \"redirect: https\", or, if it must, "
      "\"plaintext: allowed\""}},
    {"PlaintextAllowed",
     config_of({"name: web, bind: \"127.0.0.1:80\", plaintext: allowed, routes: [{ pool: web }]"},
               {kPool}),
     {}},
    {"PlaintextAndTls",
     config_of({web("{ pool: web }") + ", plaintext: allowed"}, {kPool}),
     {"listeners[0].plaintext: contradicts \"tls\"; keep one of the two"}},
    {"RedirectAndTls",
     config_of({web("{ pool: web }") + ", redirect: https"}, {kPool}),
     {"listeners[0].redirect: is for plaintext listeners; this one has \"tls\""}},
    {"RedirectAndPlaintext",
     config_of({web("{ pool: web }"),
                "name: p, bind: \"127.0.0.1:80\", redirect: https, plaintext: allowed"},
               {kPool}),
     {"listeners[1].plaintext: contradicts \"redirect\"; keep one of the two"}},
    {"RedirectWithRoutes",
     config_of({web("{ pool: web }"),
                "name: p, bind: \"127.0.0.1:80\", redirect: https, routes: [{ pool: web }]"},
               {kPool}),
     {"listeners[1].routes: are never reached: the listener redirects"}},
    {"RedirectToNothing",
     config_of({"name: p, bind: \"127.0.0.1:80\", redirect: https",
                "name: q, bind: \"127.0.0.1:81\", plaintext: allowed, routes: [{ pool: web }]"},
               {kPool}),
     {"warning: listeners[0].redirect: redirects nothing: no listener with \"tls\" has routes"}},
    {"NoRoutes",
     config_of({web("{ pool: web }"), std::string("name: b, bind: \"127.0.0.1:444\", ") + kTls},
               {kPool}),
     {"listeners[1]: has no routes, so every request would be 404"}},
    {"StoreWithoutCertsStore",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ store: true }] }, "
                "routes: [{ pool: web }]"},
               {kPool}),
     {"listeners[0].tls.certificates: uses the store, but \"certs.store\" does not say where it "
      "is"}},
    {"StoreWithCertsStore",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ store: true }] }, "
                "routes: [{ pool: web }]"},
               {kPool}, "certs: { store: /s }\n"),
     {}},
    {"ClientAuthWithoutCa",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ chain: a, key: b }], "
                "client_auth: { mode: require } }, routes: [{ pool: web }]"},
               {kPool}),
     {"listeners[0].tls.client_auth: asks for client certificates; \"ca\" must name who issues "
      "them"}},
    {"ClientAuthCaWithoutMode",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ chain: a, key: b }], "
                "client_auth: { mode: none, ca: x } }, routes: [{ pool: web }]"},
               {kPool}),
     {"warning: listeners[0].tls.client_auth: \"ca\" and \"crl\" have no effect while \"mode\" is "
      "none"}},
    {"CrlExpiredWithoutCrl",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ chain: a, key: b }], "
                "client_auth: { mode: require, ca: x, crl_expired: accept } }, routes: [{ pool: "
                "web }]"},
               {kPool}),
     {"listeners[0].tls.client_auth.crl_expired: has no effect without \"crl\""}},
    {"CrlCacheWithoutUrl",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ chain: a, key: b }], "
                "client_auth: { mode: require, ca: x, crl: [y, z], crl_cache: w } }, routes: [{ "
                "pool: web }]"},
               {kPool}),
     {"listeners[0].tls.client_auth.crl_cache: has no effect: \"crl\" names no URL"}},
    {"CrlFetchedAndNotKept",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ chain: a, key: b }], "
                "client_auth: { mode: require, ca: x, crl: \"http://ca.test/y\" } }, routes: [{ "
                "pool: web }]"},
               {kPool}),
     {"warning: listeners[0].tls.client_auth.crl: is fetched and not kept: after a restart "
      "without its server, clients are treated as \"crl_expired\" says; set \"crl_cache\" or "
      "\"certs.store\""}},
    {"CrlFetchedAndKeptInTheStore",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ chain: a, key: b }], "
                "client_auth: { mode: require, ca: x, crl: \"http://ca.test/y\" } }, routes: [{ "
                "pool: web }]"},
               {kPool}, "certs: { store: /s }\n"),
     {}},
    {"BoundTwiceByOneListener",
     config_of({std::string("name: web, bind: [\"127.0.0.1:443\", \"127.0.0.1:443\"], ") + kTls +
                ", routes: [{ pool: web }]"},
               {kPool}),
     {"listeners[0].bind[1]: 127.0.0.1:443 is already bound by listener \"web\" at "
      "/etc/r.yaml:3:25"}},
    {"BoundTwiceByTwo",
     config_of({web("{ pool: web }"), std::string("name: b, bind: \"127.0.0.1:443\", ") + kTls +
                                          ", routes: [{ pool: web }]"},
               {kPool}),
     {"listeners[1].bind: 127.0.0.1:443 is already bound by listener \"web\" at "
      "/etc/r.yaml:3:24"}},
    {"BoundByAdmin",
     config_of({web("{ pool: web }")}, {kPool}, "admin: { listen: \"127.0.0.1:443\" }\n"),
     {"listeners[0].bind: 127.0.0.1:443 is already bound by \"admin.listen\" at "
      "/etc/r.yaml:2:18"}},
    {"UnixSocketBoundByAdmin",
     config_of(
         {std::string("name: web, bind: \"unix:/run/a\", ") + kTls + ", routes: [{ pool: web }]"},
         {kPool}, "admin: { socket: /run/a }\n"),
     {"listeners[0].bind: unix:/run/a is already bound by \"admin.socket\" at /etc/r.yaml:2:18"}},
    {"WildcardOverAnAddress",
     config_of({web("{ pool: web }"), std::string("name: b, bind: \"0.0.0.0:443\", ") + kTls +
                                          ", routes: [{ pool: web }]"},
               {kPool}),
     {"warning: listeners[0].bind: 127.0.0.1:443 takes this address away from 0.0.0.0:443, which "
      "listener \"b\" binds at /etc/r.yaml:4:22"}},
    {"Ipv6WildcardBesideIpv4",
     config_of({std::string("name: web, bind: [\"[::]:443\", \"0.0.0.0:443\"], ") + kTls +
                ", routes: [{ pool: web }]"},
               {kPool}),
     {}},
    {"PortZeroTwice",
     config_of({std::string("name: web, bind: [\"127.0.0.1:0\", \"127.0.0.1:0\"], ") + kTls +
                ", routes: [{ pool: web }]"},
               {kPool}),
     {}},
    {"SameRoutes",
     config_of({web("{ pool: web }, { pool: web }")}, {kPool}),
     {"listeners[0].routes[1]: matches the same requests as route \"web/0\" at /etc/r.yaml:3:97; "
      "give them different hosts, paths or methods"}},
    {"AnyPathIsTheRoot",
     config_of({web("{ pool: web }, { match: { path: / }, pool: web }")}, {kPool}),
     {"listeners[0].routes[1]: matches the same requests as route \"web/0\" at /etc/r.yaml:3:97; "
      "give them different hosts, paths or methods"}},
    {"HostsDifferInCaseOnly",
     config_of({web("{ match: { host: A.test }, pool: web }, { match: { host: a.test }, pool: web "
                    "}")},
               {kPool}),
     {"listeners[0].routes[1]: matches the same requests as route \"web/0\" at /etc/r.yaml:3:97; "
      "give them different hosts, paths or methods"}},
    {"MethodsOverlap",
     config_of({web("{ match: { methods: [GET, HEAD] }, pool: web }, { match: { methods: [POST, "
                    "HEAD] }, pool: web }")},
               {kPool}),
     {"listeners[0].routes[1]: matches the same requests as route \"web/0\" at /etc/r.yaml:3:97; "
      "give them different hosts, paths or methods"}},
    {"MethodWrittenTwiceInOneRoute",
     config_of({web("{ match: { methods: [GET, GET] }, pool: web }")}, {kPool}),
     {}},
    {"MethodsApart",
     config_of({web("{ match: { methods: [GET] }, pool: web }, { match: { methods: POST }, pool: "
                    "web }, { pool: web }")},
               {kPool}),
     {}},
    {"ExactBesidePrefix",
     config_of({web("{ match: { path: /a }, pool: web }, { match: { path_exact: /a }, pool: web }, "
                    "{ match: { path: / }, pool: web }, { match: { path_exact: / }, pool: web }")},
               {kPool}),
     {}},
    {"HiddenByExactAndPrefix",
     config_of({web("{ match: { path: /a }, pool: web }, { match: { path_exact: /a }, pool: web }, "
                    "{ match: { path: /a/ }, pool: web }")},
               {kPool}),
     {"listeners[0].routes[0]: is never reached: the routes of exactly \"/a\" and of \"/a/\" take "
      "all its requests"}},
    {"HiddenForItsMethodOnly",
     config_of({web("{ match: { path: /a, methods: GET }, pool: web }, { match: { path_exact: /a, "
                    "methods: [GET, HEAD] }, pool: web }, { match: { path: /a/ }, pool: web }")},
               {kPool}),
     {"listeners[0].routes[0]: is never reached: the routes of exactly \"/a\" and of \"/a/\" take "
      "all its requests"}},
    {"NotHiddenForOtherMethods",
     config_of(
         {web("{ match: { path: /a }, pool: web }, { match: { path_exact: /a, methods: GET }, "
              "pool: web }, { match: { path: /a/ }, pool: web }")},
         {kPool}),
     {}},
    {"SameConditions",
     config_of({web("{ match: { headers: { X-A: x } }, pool: web }, { match: { headers: { x-a: x } "
                    "}, pool: web }")},
               {kPool}),
     {"listeners[0].routes[1]: can match the same request as route \"web/0\" at "
      "/etc/r.yaml:3:97, and is as specific; give one of them a further condition"}},
    {"ConditionsThatMeet",
     config_of({web("{ match: { headers: { X-A: x } }, pool: web }, { match: { headers: { X-B: x } "
                    "}, pool: web }")},
               {kPool}),
     {"listeners[0].routes[1]: can match the same request as route \"web/0\" at "
      "/etc/r.yaml:3:97, and is as specific; give one of them a further condition"}},
    {"ConditionsApart",
     config_of({web("{ match: { headers: { X-A: x } }, pool: web }, { match: { headers: { X-A: y } "
                    "}, pool: web }, { match: { headers: { X-A: { present: false }, X-B: x } }, "
                    "pool: web }, { match: { headers: { X-A: { prefix: y }, X-B: x } }, pool: web "
                    "}, { match: { query: { v: a } }, pool: web }, { match: { from: 10.0.0.0/8 }, "
                    "pool: web }, { match: { from: 10.1.0.0/16 }, pool: web }, { match: { from: "
                    "[11.0.0.0/8, 12.0.0.0/8] }, pool: web }")},
               {kPool}),
     {}},
    {"NetworksThatMeet",
     config_of({web("{ match: { from: [10.0.0.0/8, 12.0.0.0/8] }, pool: web }, { match: { from: "
                    "[11.0.0.0/8, 12.0.0.0/8] }, pool: web }")},
               {kPool}),
     {"listeners[0].routes[1]: can match the same request as route \"web/0\" at "
      "/etc/r.yaml:3:97, and is as specific; give one of them a further condition"}},
    {"ConditionsUnderOtherMethods",
     config_of({web("{ match: { methods: GET, headers: { X-A: x } }, pool: web }, { match: { "
                    "methods: [PUT], headers: { X-A: x } }, pool: web }, { match: { headers: { "
                    "X-A: x } }, pool: web }")},
               {kPool}),
     {}},
    {"ConditionsHideNothing",
     config_of({web("{ match: { path: /a }, pool: web }, { match: { path_exact: /a, headers: { "
                    "X-A: x } }, pool: web }, { match: { path: /a/ }, pool: web }")},
               {kPool}),
     {}},
    {"AllowsOnlyWhatIsDenied",
     config_of({web("{ pool: web, deny: 10.0.0.0/8, allow: [10.1.0.0/16] }")}, {kPool}),
     {"listeners[0].routes[0].allow: allows only clients that are denied by \"deny\" at "
      "/etc/r.yaml:3:116"}},
    {"TakesOnlyWhatIsDenied",
     config_of({web("{ pool: web, match: { from: 10.1.0.0/16 }, deny: 10.0.0.0/8 }")}, {kPool}),
     {"listeners[0].routes[0].match.from: takes only clients that are denied by \"deny\" at "
      "/etc/r.yaml:3:146"}},
    {"TakesOnlyWhatIsNotAllowed",
     config_of({web("{ pool: web, match: { from: 10.1.0.0/16 }, allow: 11.0.0.0/8 }")}, {kPool}),
     {"listeners[0].routes[0].match.from: takes only clients that are not allowed by \"allow\" at "
      "/etc/r.yaml:3:147"}},
    {"SplitToUnknownPool",
     config_of({web("{ split: [{ pool: web, weight: 1 }, { pool: blue, weight: 1 }] }")}, {kPool}),
     {"listeners[0].routes[0].split[1].pool: pool \"blue\" is not defined (defined: web)"}},
    {"SplitAndPool",
     config_of({web("{ pool: web, split: [{ pool: web, weight: 1 }, { pool: b, weight: 1 }] }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0]: has more than one action: keep one of pool, split, redirect and "
      "respond"}},
    {"SplitWeight",
     config_of({web("{ split: [{ pool: web, weight: 1000001 }, { pool: b, weight: 1 }] }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].split[0].weight: 1000001 is out of range (0 to 1000000)"}},
    {"SplitOfEqualPools",
     config_of({web("{ split: [{ pool: web, weight: 1 }, { pool: web, weight: 2 }] }")}, {kPool}),
     {"listeners[0].routes[0].split[1].pool: pool \"web\" already has a part at "
      "/etc/r.yaml:3:107"}},
    {"SplitWithoutWeight",
     config_of({web("{ split: [{ pool: web, weight: 0 }, { pool: b, weight: 0 }] }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].split: has no weight: no request could be sent"}},
    {"SplitUsesItsPools",
     config_of({web("{ split: [{ pool: web, weight: 1 }, { pool: b, weight: 0 }], sticky: { "
                    "header: X-User } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {}},
    {"HedgeBeforeOneServer",
     config_of({web("{ pool: web, hedge: { after: 50ms } }")}, {kPool}),
     {"warning: listeners[0].routes[0].hedge: has no effect: pool \"web\" has one server"}},
    {"HedgeBeforeTwo",
     config_of(
         {web("{ pool: web, hedge: { after: 50ms } }")},
         {"name: web, servers: [{ address: \"10.0.0.1:80\" }, { address: \"10.0.0.2:80\" }]"}),
     {}},
    {"HedgeAfterTheFirstByte",
     config_of(
         {web("{ pool: web, hedge: { after: 5s }, timeouts: { first_byte: 5s } }")},
         {"name: web, servers: [{ address: \"10.0.0.1:80\" }, { address: \"10.0.0.2:80\" }]"}),
     {"warning: listeners[0].routes[0].hedge.after: has no effect: \"timeouts.first_byte\" is over "
      "by then"}},
    {"HedgeAfterTheTry",
     config_of(
         {web("{ pool: web, hedge: { after: 5s }, retry: { per_try_timeout: 2s } }")},
         {"name: web, servers: [{ address: \"10.0.0.1:80\" }, { address: \"10.0.0.2:80\" }]"}),
     {"warning: listeners[0].routes[0].hedge.after: has no effect: \"retry.per_try_timeout\" is "
      "over by then"}},
    {"HedgeWithoutPool",
     config_of({web("{ respond: {}, hedge: { after: 50ms } }, { match: { host: a }, pool: web }")},
               {kPool}),
     {"listeners[0].routes[0].hedge: has no effect: this route sends nothing to a server"}},
    {"MirrorToUnknownPool",
     config_of({web("{ pool: web, mirror: { pool: blue } }")}, {kPool}),
     {"listeners[0].routes[0].mirror.pool: pool \"blue\" is not defined (defined: web)"}},
    {"MirrorToItsOwnPool",
     config_of({web("{ pool: web, mirror: { pool: web } }")}, {kPool}),
     {"listeners[0].routes[0].mirror.pool: pool \"web\" serves the requests themselves; copies go "
      "to another"}},
    {"MirrorToAPartOfItsSplit",
     config_of({web("{ split: [{ pool: web, weight: 1 }, { pool: b, weight: 1 }], mirror: { pool: "
                    "b } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].mirror.pool: pool \"b\" serves the requests themselves; copies go to "
      "another"}},
    {"MirrorShare",
     config_of({web("{ pool: web, mirror: { pool: b, percent: 101 } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].mirror.percent: \"101\" is not 0 for none, nor a number from 0.001 "
      "to 100"}},
    {"MirrorShareIsNoNumber",
     config_of({web("{ pool: web, mirror: { pool: b, percent: 5% } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].mirror.percent: \"5%\" is not 0 for none, nor a number from 0.001 to "
      "100"}},
    {"MirrorShareTooSmall",
     config_of({web("{ pool: web, mirror: { pool: b, percent: 0.0001 } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].mirror.percent: \"0.0001\" is not 0 for none, nor a number from "
      "0.001 to 100"}},
    {"MirrorBody",
     config_of({web("{ pool: web, mirror: { pool: b, body_max: 17MiB } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].mirror.body_max: 17MiB is out of range (0 to 16MiB)"}},
    {"MirrorInFlight",
     config_of({web("{ pool: web, mirror: { pool: b, in_flight_max: 0 } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].mirror.in_flight_max: 0 is out of range (1 to 10000)"}},
    {"MirrorTimeout",
     config_of({web("{ pool: web, mirror: { pool: b, timeout: 1h } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"listeners[0].routes[0].mirror.timeout: 1h is out of range (10ms to 10m)"}},
    {"HedgeBeforeASplitOfSingles",
     config_of({web("{ split: [{ pool: web, weight: 1 }, { pool: b, weight: 1 }], hedge: { after: "
                    "50ms } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {"warning: listeners[0].routes[0].hedge: has no effect: pool \"web\" has one server, and so "
      "have the others"}},
    {"HedgeBeforeASplitWithAPair",
     config_of(
         {web("{ split: [{ pool: web, weight: 1 }, { pool: b, weight: 1 }], hedge: { after: "
              "50ms } }")},
         {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }, { address: \"10.0.0.3:80\" }]"}),
     {}},
    {"MirrorUsesItsPool",
     config_of({web("{ pool: web, mirror: { pool: b, percent: 0.5 } }")},
               {kPool, "name: b, servers: [{ address: \"10.0.0.2:80\" }]"}),
     {}},
    {"MirrorWithoutPool",
     config_of({web("{ redirect: { location: /a }, mirror: { pool: web } }")}, {kPool}),
     {"listeners[0].routes[0].mirror: has no effect: this route sends nothing to a server"}},
    {"StickyWithoutSplit",
     config_of({web("{ pool: web, sticky: { cookie: a } }")}, {kPool}),
     {"listeners[0].routes[0].sticky: needs \"split\": there is nothing to stick to"}},
    {"RewriteWithoutPool",
     config_of(
         {web(
             "{ respond: { body: x }, rewrite: { path: /a } }, { match: { host: a }, pool: web }")},
         {kPool}),
     {"listeners[0].routes[0].rewrite: has no effect: this route sends nothing to a server"}},
    {"RequestHeadersWithoutPool",
     config_of({web("{ redirect: { location: /x }, request_headers: { remove: X-A } }, { match: { "
                    "host: a }, pool: web }")},
               {kPool}),
     {"listeners[0].routes[0].request_headers: has no effect: this route sends nothing to a "
      "server"}},
    {"ResponseHeadersWithoutPool",
     config_of({web("{ respond: { body: x }, response_headers: { set: { X-A: b } } }, { match: { "
                    "host: a }, pool: web }")},
               {kPool}),
     {}},
    {"RewriteOfAnExactPath",
     config_of({web("{ pool: web, match: { path_exact: /a }, rewrite: { prefix: /b } }")}, {kPool}),
     {"listeners[0].routes[0].rewrite.prefix: replaces a matched prefix, and this route matches "
      "one "
      "path exactly; write \"path\""}},
    {"HeaderSetAndRemoved",
     config_of({web("{ pool: web, request_headers: { set: { X-A: b }, remove: [x-a] } }")},
               {kPool}),
     {"listeners[0].routes[0].request_headers.set.X-A: contradicts \"remove\" of the same name; "
      "\"set\" alone replaces it"}},
    {"HeaderSetTwice",
     config_of({web("{ pool: web, response_headers: { set: { X-A: b, x-a: c } } }")}, {kPool}),
     {"listeners[0].routes[0].response_headers.set.X-A: is set twice, in different letter case",
      "listeners[0].routes[0].response_headers.set.x-a: is set twice, in different letter case"}},
    {"HeaderSetAndAdded",
     config_of({web("{ pool: web, response_headers: { set: { X-A: b }, add: { x-a: c } } }")},
               {kPool}),
     {"listeners[0].routes[0].response_headers.add.x-a: contradicts \"set\" or \"remove\" of the "
      "same name; keep one"}},
    {"PasswordsInTheClear",
     config_of({"name: web, bind: \"127.0.0.1:80\", plaintext: allowed, routes: [{ pool: web, "
                "basic_auth: { users: u } }]"},
               {kPool}),
     {"warning: listeners[0].routes[0].basic_auth: asks for passwords in the clear: this listener "
      "has no \"tls\""}},
    {"SecureCookieInTheClear",
     config_of({web("{ pool: web }"),
                "name: a, bind: \"127.0.0.1:80\", plaintext: allowed, routes: [{ pool: web }]"},
               {kPool + ", sticky: { cookie: s }"}),
     {"warning: pools[0].sticky: does not keep sessions of listener \"a\", which has no \"tls\": "
      "browsers send a \"secure\" cookie over TLS only (\"secure: false\" lets them)"}},
    {"SecureCookieBehindAProxy",
     config_of({"name: web, bind: \"127.0.0.1:80\", plaintext: allowed, forwarded: { trusted: "
                "10.0.0.1 }, routes: [{ pool: web }]"},
               {kPool + ", sticky: { cookie: s }"}),
     {}},
    {"SameRouteOnTwoListeners",
     config_of({web("{ pool: web }"), std::string("name: b, bind: \"127.0.0.1:444\", ") + kTls +
                                          ", routes: [{ pool: web }]"},
               {kPool}),
     {}},
    {"MistakeIsToldOnce",
     config_of({"name: web, bind: \"127.0.0.1:443\", tls: { certificates: [{ chain: a }] }, "
                "routes: [{ pool: web }, { match: { host: \"a b\" }, pool: web }]"},
               {"nam: web, servers: [{ address: x }]"}),
     {"listeners[0].tls.certificates[0]: \"key\" is missing",
      std::string("listeners[0].routes[1].match.host: \"a b\" is not a host (labels of letters, ") +
          "digits and \"-\"; \"*.\" only in front; other alphabets as xn--…)",
      "pools[0]: \"name\" is missing",
      "pools[0].servers[0].address: \"x\" is not an address and port",
      "pools[0]: unknown key \"nam\" (did you mean \"name\"?)"}},
};

class Validate : public ::testing::TestWithParam<Row> {};

TEST_P(Validate, Finds) {
  std::vector<std::string> findings;
  for (const std::string& finding : check_text(GetParam().text).findings)
    findings.push_back(finding.substr(finding.find(": ") + 2));
  EXPECT_THAT(findings, ElementsAreArray(GetParam().findings)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(All, Validate, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(ValidatePlaces, AreThoseOfTheValue) {
  EXPECT_THAT(check_text("version: 1\n"
                         "listeners:\n"
                         "  - name: web\n"
                         "    bind: \"127.0.0.1:443\"\n"
                         "    plaintext: allowed\n"
                         "    routes:\n"
                         "      - match: { host: a.test }\n"
                         "        pool: blue\n")
                  .findings,
              ElementsAre("8:15: listeners[0].routes[0].pool: pool \"blue\" is not defined (none "
                          "is defined)"));
}

TEST(Validate, LimitsTheConditionalRoutesOfAHostAndPath) {
  std::string routes = "{ pool: web }";
  for (std::size_t i = 0; i <= 64; ++i)
    routes += fmt::format(", {{ match: {{ headers: {{ X-A: v{} }} }}, pool: web }}", i);
  EXPECT_THAT(check_text(config_of({web(routes)}, {kPool})).findings,
              ElementsAre(::testing::EndsWith(
                  "listeners[0].routes[65]: is one too many: 64 routes with conditions may share a "
                  "host and path")));
}

TEST(Validate, SuggestsAmongManyPools) {
  std::vector<std::string> pools;
  std::string routes = "{ pool: pol7 }";
  for (int i = 0; i < 20; ++i) {
    pools.push_back(fmt::format("name: pool{}, servers: [{{ address: \"10.0.0.1:80\" }}]", i));
    routes += fmt::format(", {{ match: {{ host: h{0} }}, pool: pool{0} }}", i);
  }
  EXPECT_THAT(check_text(config_of({web(routes)}, pools)).findings,
              ElementsAre(::testing::EndsWith(
                  "pool \"pol7\" is not defined (defined: pool0, pool1, pool2, pool3, pool4, "
                  "pool5, pool6, pool7, pool8, pool9, pool10, pool11 and 8 more); did you mean "
                  "\"pool7\"?")));
}

}  // namespace
}  // namespace ravelin::gateway
