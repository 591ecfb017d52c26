// `ravelin status`, `reload`, `server` and `route` as an operator meets them: the real binary
// against an admin server whose gateway is a fake.
#include "base/io/file.h"
#include "gateway/net/listener.h"
#include "tests/cli/run_ravelin.h"
#include "tests/gateway/admin/running_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class AdminCli : public ::testing::Test {
 protected:
  void start() { ASSERT_TRUE(admin_.start()); }

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(base::replace_file(path(name), text, 0644));
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return admin_.directory() + "/" + name;
  }

  // Runs `ravelin ARGUMENTS` in the directory of the socket, admin.sock.
  Outcome run(const std::string& arguments) { return run_ravelin(admin_.directory(), arguments); }

  gateway::RunningAdmin admin_;
};

TEST_F(AdminCli, StatusIsWhatAnOperatorReads) {
  start();
  const Outcome outcome = run("status --socket admin.sock");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "ravelin 1.2.3, pid 4711: ready, up 2 h 5 min (since 2026-11-24T09:55:00Z)\n"
            "configuration /etc/ravelin/ravelin.yaml: generation 7 of 2026-11-24T11:55:00Z\n"
            "requests in flight: 3\n"
            "\n"
            "LISTENER  ADDRESSES             TLS\n"
            "web       0.0.0.0:443 [::]:443  yes\n"
            "plain     0.0.0.0:80            no\n"
            "\n"
            "WORKER  GENERATION  CONNECTIONS\n"
            "0       7           12\n"
            "1       6           9\n"
            "\n"
            "POOL  SERVER              ADDRESS             STATE  WEIGHT  IN FLIGHT  SINCE         "
            "        REASON\n"
            "web   one                 10.0.1.11:8080      up     3       0          "
            "2026-11-24T09:55:00Z\n"
            "web   two (backup)        10.0.1.12:8080      up     1       0          "
            "2026-11-24T09:55:00Z\n"
            "api   unix:/run/api.sock  unix:/run/api.sock  up     1       0          "
            "2026-11-24T09:55:00Z\n"
            "\n"
            "CERTIFICATE                  LISTENER  NOT AFTER             LEFT      FILE\n"
            "www.example.com example.com  web       2026-12-29T14:00:00Z  35 d 2 h  "
            "/etc/ravelin/www.crt\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(AdminCli, StatusTellsWhatPresses) {
  admin_.backend.press();
  start();
  const Outcome outcome = run("status --socket admin.sock");
  EXPECT_THAT(outcome.out,
              HasSubstr("requests in flight: 3\n"
                        "overload: stop_keep_alive (memory 40 %, descriptors 87 %, lag 2 %)\n"
                        "rate limits: 1200 of 262150 keys in use\n"
                        "abuse: 31 clients watched, 2 banned\n"));
}

TEST_F(AdminCli, AbuseListsTheWorstAndForgetsOne) {
  start();
  const Outcome list = run("abuse list --socket admin.sock");
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_EQ(list.out,
            "CLIENT             POINTS  BANNED FOR\n"
            "192.0.2.7/32       250     540 s\n"
            "2001:db8:1:2::/64  30      -\n");
  const Outcome forgotten = run("abuse forget 2001:db8:1:2::/64 --socket admin.sock");
  EXPECT_EQ(forgotten.code, 0) << forgotten.err;
  EXPECT_EQ(forgotten.out,
            "CLIENT        POINTS  BANNED FOR\n"
            "192.0.2.7/32  250     540 s\n");
  EXPECT_NE(run("abuse forget 2001:db8:1:2::/64 --socket admin.sock").code, 0);
  EXPECT_EQ(run("abuse forget nobody --socket admin.sock").code, 2);
}

TEST_F(AdminCli, WhyTellsTheGatewaysSideAlsoWithoutAFirewall) {
  start();
  // No agent, and a state directory that cannot be: the kernel's side has nothing to say.
  const Outcome why =
      run("why 192.0.2.7 --socket admin.sock --firewall-socket nowhere.sock --state "
          "/dev/null/firewall");
  EXPECT_EQ(why.code, 0) << why.err;
  EXPECT_THAT(why.out,
              HasSubstr("gateway: 192.0.2.7/32 is banned for another 200s; 12 points, 2 offences "
                        "remembered; \"scanner\" has counted 3\n"
                        "  2026-11-24T12:00:00Z: 192.0.2.7/32 banned for 4m, trigger \"honeypot\" "
                        "(trapped_path), listener web, offence 2, configuration 7, request r1, "
                        "firewall: made\n"));
  EXPECT_THAT(why.err, HasSubstr("ravelin: kernel: "));
  EXPECT_EQ(run("why a/b --socket admin.sock").code, 2);
}

TEST_F(AdminCli, StatusSaysNoWhileNotReady) {
  admin_.backend.drain();
  start();
  const Outcome outcome = run("status --socket admin.sock");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, StartsWith("ravelin 1.2.3, pid 4711: not ready (draining: the gateway "
                                      "is shutting down), up 2 h 5 min"));
}

TEST_F(AdminCli, StatusHasAMachineForm) {
  start();
  const Outcome outcome = run("status --socket admin.sock --json");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("{\"version\":\"1.2.3\",\"pid\":4711,"));
  EXPECT_THAT(outcome.out, EndsWith("\"error\":\"\"}}\n"));
}

TEST_F(AdminCli, ReloadTellsTheGenerationOrTheFindings) {
  start();
  EXPECT_EQ(run("reload --socket admin.sock").out, "reloaded: generation 8\n");
  EXPECT_EQ(run("reload --socket admin.sock --json").out, "{\"generation\":9}\n");
}

TEST_F(AdminCli, ReloadIsRefusedWithThree) {
  admin_.backend.refuse_reloads(
      {base::Errc::invalid, "r.yaml:4:1: unknown key \"x\"\n1 error", std::nullopt});
  start();
  const Outcome refused = run("reload --socket admin.sock");
  EXPECT_EQ(refused.code, 3);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.err, "ravelin: r.yaml:4:1: unknown key \"x\"\n1 error\n");
  EXPECT_THAT(run("status --socket admin.sock").out,
              HasSubstr("last reload refused, the generation before serves on:\n"
                        "r.yaml:4:1: unknown key \"x\"\n1 error\n"));
}

TEST_F(AdminCli, ReloadThatCouldNotIsFour) {
  admin_.backend.refuse_reloads({base::Errc::io, "0.0.0.0:1: address in use", std::nullopt});
  start();
  EXPECT_EQ(run("reload --socket admin.sock").code, 4);
}

TEST_F(AdminCli, ServersAreAddedRemovedAndRestored) {
  start();
  const std::string at = " --socket admin.sock";
  const Outcome added =
      run("server add web 10.0.1.19:8080 --name nine --weight 4 --zone east --tls-ca ca.pem" + at);
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_THAT(added.out,
              HasSubstr("web   nine (zone east, by operator)  10.0.1.19:8080  up     4 "));
  EXPECT_EQ(run("server add web 10.0.1.19:8080 --name nine" + at).code, 3);
  EXPECT_THAT(run("server remove web/one" + at).out, ::testing::Not(HasSubstr("  one  ")));
  EXPECT_THAT(run("server overrides" + at).out,
              HasSubstr("POOL  SERVER  ORDER                    SINCE                 SAVED      "
                        "EFFECT\nweb   nine    added at 10.0.1.19:8080  2026-11-24T12:00:00Z  not "
                        "saved\n"));
  EXPECT_THAT(run("server restore web/one" + at).out, HasSubstr("one"));
  EXPECT_EQ(run("server restore web/one" + at).code, 3);
}

TEST_F(AdminCli, OrdersAreSavedOrNotDone) {
  start();
  const Outcome refused = run("server drain web/one --save --socket admin.sock");
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr("admin.overrides"));
  EXPECT_EQ(admin_.backend.find("web", "one")->state, "up");
}

TEST_F(AdminCli, AServerToAddIsWellFormed) {
  for (const char* arguments :
       {"add", "add web", "add web 10.0.0.1:80 --weight 257", "add web 10.0.0.1:80 --priority 16",
        "add web 10.0.0.1:80 --backup --priority 1", "add web 10.0.0.1:80 --plaintext --tls",
        "remove web", "restore"})
    EXPECT_EQ(run(std::string("server ") + arguments + " --socket admin.sock").code, 2)
        << arguments;
}

TEST_F(AdminCli, ServersAreDrainedRestedWeighedAndBroughtBack) {
  start();
  const std::string at = " --socket admin.sock";
  EXPECT_EQ(run("server drain web/one" + at).out,
            "POOL  SERVER  ADDRESS         STATE  WEIGHT  IN FLIGHT  SINCE                 REASON\n"
            "web   one     10.0.1.11:8080  drain  3       0          2026-11-24T09:55:00Z  ordered "
            "by the operator\n");
  EXPECT_THAT(run("server maint web/one" + at).out, HasSubstr("  maint  "));
  EXPECT_THAT(run("server ready web/one" + at).out, HasSubstr("  up  "));
  EXPECT_THAT(run("server weight web/one 9" + at).out, HasSubstr("  9 (of 3)  "));
  EXPECT_THAT(run("server weight web/one default" + at).out, HasSubstr("  3  "));
  EXPECT_THAT(run("server drain api/unix:/run/api.sock" + at).out, HasSubstr("  drain  "));
  const Outcome list = run("server list" + at);
  EXPECT_EQ(list.code, 0);
  EXPECT_THAT(list.out, HasSubstr("api   unix:/run/api.sock  unix:/run/api.sock  drain  1 "));
  EXPECT_THAT(run("server list --json" + at).out, StartsWith("{\"pools\":[{\"pool\":\"web\""));
}

TEST_F(AdminCli, AnUnknownServerIsRefused) {
  start();
  const Outcome outcome = run("server drain web/nine --socket admin.sock");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.err, "ravelin: there is no server \"web/nine\"\n");
}

TEST_F(AdminCli, BadUsageIsTwo) {
  for (const char* bad :
       {"server", "server drain", "server drain web", "server drain /one", "server drain web/",
        "server weight web/one", "server weight web/one 257", "server weight web/one -1",
        "server weight web/one x", "status extra", "reload extra", "route"}) {
    const Outcome outcome = run(bad);
    EXPECT_EQ(outcome.code, 2) << bad;
    EXPECT_THAT(outcome.out, IsEmpty()) << bad;
    EXPECT_THAT(outcome.err, HasSubstr("--help")) << bad;
  }
}

TEST_F(AdminCli, AGatewayThatIsNotThereIsFour) {
  const Outcome absent = run("status --socket admin.sock");
  EXPECT_EQ(absent.code, 4);
  EXPECT_EQ(absent.err,
            "ravelin: admin socket admin.sock: no such file or directory; is the gateway running, "
            "and with this configuration? (-c FILE or --socket PATH name another)\n");
  ASSERT_TRUE(
      gateway::open_listener(base::UnixEndpoint{admin_.options.socket}, gateway::ReusePort::no));
  const Outcome dead = run("reload --socket admin.sock");
  EXPECT_EQ(dead.code, 4);
  EXPECT_EQ(dead.err,
            "ravelin: admin socket admin.sock: connection refused; nothing listens there: the "
            "gateway is not running\n");
}

TEST_F(AdminCli, TheSocketIsFoundInTheConfiguration) {
  start();
  write("r.yaml", "version: 1\nadmin: { socket: admin.sock }\nlisteners: broken\n");
  EXPECT_EQ(run("status -c r.yaml").code, 0);
  write("r.yaml", "version: 1\nlisteners: broken\n");
  EXPECT_THAT(run("status -c r.yaml").err,
              EndsWith("the admin socket is not known; give --socket\n"));
  const Outcome none = run("status -c none.yaml");
  EXPECT_EQ(none.code, 3);
  EXPECT_THAT(none.err, HasSubstr("none.yaml"));
}

// ---- route: no gateway needed ----
constexpr const char* kRoutes =
    "version: 1\n"
    "listeners:\n"
    "  - name: web\n"
    "    bind: \"0.0.0.0:8443\"\n"
    "    tls: { certificates: [{ chain: a.crt, key: a.key }] }\n"
    "    routes:\n"
    "      - { name: api, match: { host: api.a.test, path: /v1/, methods: [GET, HEAD] }, pool: api "
    "}\n"
    "      - { name: old, match: { host: api.a.test, path: /old }, redirect: { location: /new } }\n"
    "      - { name: files, match: { host: files.a.test }, pool: web, path_policy: normalise,\n"
    "          limits: { rate: { requests: 5, per: 1m }, bandwidth: { down: 1MiB } } }\n"
    "      - { name: all, match: { host: \"*.a.test\" }, pool: web }\n"
    "  - { name: plain, bind: \"0.0.0.0:80\", redirect: https }\n"
    "pools:\n"
    "  - { name: web, servers: [{ address: \"127.0.0.1:1\" }] }\n"
    "  - { name: api, servers: [{ address: \"127.0.0.1:2\" }] }\n";

class RouteCli : public AdminCli {
 protected:
  RouteCli() { write("r.yaml", kRoutes); }

  Outcome route(const std::string& request, const std::string& more = {}) {
    return run("route '" + request + "' -c r.yaml" + more);
  }
};

TEST_F(RouteCli, ShowsWhichRouteWinsAndWhyOthersDoNot) {
  const Outcome outcome = route("GET https://API.a.test/v1/users?x=1");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "GET https://API.a.test/v1/users?x=1\n"
            "listener \"web\" on 0.0.0.0:8443 (TLS)\n"
            "  route \"api\": forwarded to pool \"api\"\n"
            "  path /v1/users, path_policy reject\n"
            "     wins     api    host api.a.test, path /v1/, methods GET HEAD\n"
            "     differs  old    path \"/v1/users\" is not under \"/old\"\n"
            "     differs  files  host \"api.a.test\" is not \"files.a.test\"\n"
            "     loses    all    would take it, but route \"api\" is more specific\n");
}

struct RouteCase {
  const char* name;
  const char* request;
  int code;
  const char* says;  // in stdout, or in stderr when `code` is 3
};

constexpr RouteCase kRouteCases[] = {
    {"UrlAlone", "https://x.a.test/", 0, "route \"all\": forwarded to pool \"web\"\n"},
    {"OtherMethodGoesOn", "POST https://api.a.test/v1/users", 0, "route \"all\": forwarded"},
    {"Redirect", "GET https://api.a.test/old/x", 0, "route \"old\": 308: redirected to /new\n"},
    {"Normalised", "GET https://files.a.test/a/../b", 0,
     "  path /b (asked: /a/../b), path_policy normalise\n"},
    {"Limits", "GET https://files.a.test/b", 0,
     "  limits 5 requests per 1m, bursts of 5, by client; 1MiB/s down\n"},
    {"DotsAreRefused", "GET https://x.a.test/a/../b", 1,
     "route \"all\": 400: path has a dot segment, and path_policy is reject\n"},
    {"AboveTheRoot", "GET https://x.a.test/../b", 1, "400: path "},
    {"UnknownHost", "GET https://b.test/", 1, "404: no route takes this request\n"},
    {"ToHttps", "GET http://x.a.test/", 0, "308: redirected to https: listener \"web\" routes"},
    {"ToHttpsUnknownHost", "GET http://b.test/", 1, "404: no TLS listener routes this host"},
    {"RightPort", "GET https://x.a.test:8443/", 0, "route \"all\""},
    {"WrongPort", "GET https://x.a.test:444/", 1, "no listener takes https on port 444\n"},
    {"OfTheGatewayItself", "OPTIONS *", 0,
     "listener \"web\" on 0.0.0.0:8443 (TLS)\n  204: answered by the gateway: it asks about the "
     "gateway itself\n  path *\nlistener \"plain\" on 0.0.0.0:80\n  204: answered"},
    {"OfTheGatewayItselfByUrl", "OPTIONS https://x.a.test", 0, "  204: answered by the gateway"},
    {"OfNothingElse", "GET *", 3, "is refused: "},
    {"NoUrl", "GET /path", 3, "write 'GET https://host/path'"},
    {"BadTarget", "GET https://x.a.test/a#b", 3, "is refused: "},
    {"BadHost", "GET https://x..test/", 3, "is refused: "},
};

class RouteCliCases : public RouteCli, public ::testing::WithParamInterface<RouteCase> {};

TEST_P(RouteCliCases, Answers) {
  const Outcome outcome = route(GetParam().request);
  EXPECT_EQ(outcome.code, GetParam().code) << outcome.out << outcome.err;
  EXPECT_THAT(GetParam().code == 3 ? outcome.err : outcome.out, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(All, RouteCliCases, ::testing::ValuesIn(kRouteCases),
                         [](const auto& test) { return test.param.name; });

TEST_F(RouteCli, HasAMachineForm) {
  const Outcome outcome = route("HEAD https://api.a.test/v1/", " --json");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out,
              StartsWith(R"({"method":"HEAD","url":"https://api.a.test/v1/","listeners":[)"
                         R"({"listener":"web","taken":true,"status":0,)"
                         R"("what":"forwarded to pool \"api\"","path":"/v1/","route":"api",)"
                         R"("pool":"api","sent_path":"/v1/","client":null,)"
                         R"("candidates":[{"route":"api","verdict":"wins",)"));
}

TEST_F(RouteCli, TellsOfHedgesAndMirrors) {
  write("r.yaml",
        "version: 1\n"
        "listeners:\n"
        "  - name: web\n"
        "    bind: \"0.0.0.0:8443\"\n"
        "    tls: { certificates: [{ chain: a.crt, key: a.key }] }\n"
        "    routes:\n"
        "      - { name: all, pool: web, hedge: { after: 50ms, percent_max: 7 },\n"
        "          mirror: { pool: shadow, percent: 2.5, body_max: 1KiB } }\n"
        "pools:\n"
        "  - { name: web, servers: [{ address: \"127.0.0.1:1\" }, { address: \"127.0.0.1:2\" }] }\n"
        "  - { name: shadow, servers: [{ address: \"127.0.0.1:3\" }] }\n");
  const Outcome outcome = route("GET https://a.test/");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_THAT(outcome.out,
              HasSubstr("  hedge: to a second server too when no answer has begun after 50ms, if "
                        "it is a GET, HEAD or OPTIONS without a body; at most 7% of them\n"
                        "  mirror: 2.5% are copied to pool \"shadow\", with bodies up to 1KiB\n"));
  const Outcome machine = route("GET https://a.test/", " --json");
  EXPECT_THAT(machine.out, HasSubstr(R"("mirror":"2.5% are copied to pool \"shadow\",)"));
  EXPECT_THAT(machine.out, HasSubstr(R"("hedge":"to a second server too)"));
}

TEST_F(RouteCli, ABrokenConfigurationHasNoRoutes) {
  write("r.yaml", "version: 1\n");
  const Outcome outcome = route("GET https://a.test/");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, EndsWith("; no route to show\n"));
}

}  // namespace
}  // namespace ravelin
