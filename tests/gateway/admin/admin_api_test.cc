#include "gateway/admin/admin_api.h"

#include "gateway/admin/dashboard.h"
#include "tests/gateway/admin/fake_backend.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

AdminRequest on_socket(std::string method, std::string target, std::string body = {}) {
  return {std::move(method), std::move(target), std::move(body), AdminChannel::socket, true};
}

AdminRequest on_tcp(std::string method, std::string target) {
  return {std::move(method), std::move(target), {}, AdminChannel::tcp, false};
}

struct PathCase {
  const char* name;
  const char* method;
  const char* target;
  int on_socket;
  int on_tcp;
};

constexpr PathCase kPathCases[] = {
    {"Status", "GET", "/v1/status", 200, 200},
    {"StatusWithQuery", "GET", "/v1/status?pretty", 200, 200},
    {"StatusHead", "HEAD", "/v1/status", 200, 200},
    {"StatusPost", "POST", "/v1/status", 405, 403},
    {"StatusSlash", "GET", "/v1/status/", 404, 404},
    {"Servers", "GET", "/v1/servers", 200, 200},
    {"ServersDelete", "DELETE", "/v1/servers", 405, 403},
    {"Reload", "POST", "/v1/reload", 200, 403},
    {"Upgrade", "POST", "/v1/upgrade", 200, 403},
    {"UpgradeGet", "GET", "/v1/upgrade", 405, 405},
    {"ReloadGet", "GET", "/v1/reload", 405, 405},
    {"Drain", "POST", "/v1/servers/web/one/drain", 200, 403},
    {"DrainGet", "GET", "/v1/servers/web/one/drain", 405, 405},
    {"Ready", "POST", "/v1/servers/web/one/ready", 200, 403},
    {"Maint", "POST", "/v1/servers/web/one/maint", 200, 403},
    {"UnknownVerb", "POST", "/v1/servers/web/one/explode", 404, 403},
    {"UnknownServer", "POST", "/v1/servers/web/nine/drain", 404, 403},
    {"UnknownPool", "POST", "/v1/servers/nine/one/drain", 404, 403},
    {"EncodedServer", "POST", "/v1/servers/api/unix:%2Frun%2fapi.sock/drain", 200, 403},
    {"BadPercent", "POST", "/v1/servers/api/unix%2/drain", 404, 403},
    {"NoVerb", "POST", "/v1/servers/web/one", 405, 403},
    {"Remove", "DELETE", "/v1/servers/web/one", 200, 403},
    {"RemoveByPost", "POST", "/v1/servers/web/two/remove", 200, 403},
    {"RemoveUnknown", "DELETE", "/v1/servers/web/nine", 404, 403},
    {"RemoveEncoded", "DELETE", "/v1/servers/api/unix:%2Frun%2fapi.sock", 200, 403},
    {"RestoreWhatIsThere", "POST", "/v1/servers/web/one/restore", 409, 403},
    {"AddNothing", "POST", "/v1/servers/web", 422, 403},
    {"AddGet", "GET", "/v1/servers/web", 405, 405},
    {"TooDeep", "POST", "/v1/servers/web/one/drain/now", 404, 403},
    {"DrainAndSave", "POST", "/v1/servers/web/one/drain?save=true", 409, 403},
    {"DrainAndNotSave", "POST", "/v1/servers/web/one/drain?save=false", 200, 403},
    {"DrainAndWhat", "POST", "/v1/servers/web/one/drain?save=yes", 422, 403},
    {"Overrides", "GET", "/v1/overrides", 200, 200},
    {"OverridesPost", "POST", "/v1/overrides", 405, 403},
    {"NoServer", "POST", "/v1/servers/web//drain", 404, 403},
    {"Metrics", "GET", "/metrics", 200, 200},
    {"Health", "GET", "/healthz", 200, 200},
    {"Live", "GET", "/livez", 200, 200},
    {"Readiness", "GET", "/readyz", 200, 200},
    {"ReadinessPut", "PUT", "/readyz", 405, 403},
    {"Dashboard", "GET", "/", 200, 200},
    {"DashboardScript", "GET", "/dashboard.js", 200, 200},
    {"DashboardStyle", "GET", "/dashboard.css", 200, 200},
    {"Unknown", "GET", "/v2/status", 404, 404},
    {"Dots", "GET", "/v1/../v1/status", 404, 404},
    {"Absolute", "GET", "http://localhost/v1/status", 400, 400},
    {"Asterisk", "OPTIONS", "*", 400, 403},
    {"Empty", "GET", "", 400, 400},
};

class AdminPaths : public ::testing::TestWithParam<PathCase> {};

TEST_P(AdminPaths, AnswersOnBothChannels) {
  const PathCase& row = GetParam();
  FakeBackend backend;
  const AdminResponse socket = answer_admin(on_socket(row.method, row.target), backend);
  EXPECT_EQ(socket.status, row.on_socket) << socket.body;
  const AdminResponse tcp = answer_admin(on_tcp(row.method, row.target), backend);
  EXPECT_EQ(tcp.status, row.on_tcp) << tcp.body;
  for (const AdminResponse& response : {socket, tcp}) {
    if (response.status < 400) continue;
    const auto body = boost::json::parse(response.body);
    EXPECT_FALSE(body.at("error").at("code").as_string().empty());
    EXPECT_FALSE(body.at("error").at("message").as_string().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, AdminPaths, ::testing::ValuesIn(kPathCases),
                         [](const auto& test) { return test.param.name; });

TEST(AdminApi, NothingOnTcpChangesAnything) {
  FakeBackend backend;
  for (const PathCase& row : kPathCases)
    static_cast<void>(answer_admin(on_tcp(row.method, row.target), backend));
  EXPECT_EQ(backend.status().generation, 7U);
  EXPECT_EQ(backend.find("web", "one")->state, "up");
}

TEST(AdminApi, APeerWithoutTheRightIsRefusedEverything) {
  for (const PathCase& row : kPathCases) {
    FakeBackend backend;
    AdminRequest request = on_socket(row.method, row.target);
    request.is_trusted = false;
    const AdminResponse response = answer_admin(request, backend);
    EXPECT_EQ(response.status, 403) << row.name;
    EXPECT_THAT(response.body, HasSubstr("group ravelin-admin")) << row.name;
    EXPECT_EQ(backend.find("web", "one")->state, "up") << row.name;
  }
}

TEST(AdminApi, OrdersReachTheServerAndShowItsNewState) {
  FakeBackend backend;
  const AdminResponse drained =
      answer_admin(on_socket("POST", "/v1/servers/web/one/drain"), backend);
  EXPECT_EQ(backend.find("web", "one")->state, "drain");
  const auto body = boost::json::parse(drained.body);
  const auto& server = body.at("pools").at(0).at("servers").at(0);
  EXPECT_EQ(server.at("server"), "one");
  EXPECT_EQ(server.at("state"), "drain");
  EXPECT_EQ(body.at("pools").as_array().size(), 1U);
  answer_admin(on_socket("POST", "/v1/servers/web/one/ready"), backend);
  EXPECT_EQ(backend.find("web", "one")->state, "up");
  EXPECT_EQ(backend.find("web", "two")->state, "up");
}

TEST(AdminApi, TheStatusShowsTheStoreAndWhatIsRenewedNext) {
  FakeBackend backend;
  StoreStatus& store = backend.store();
  store.path = "/var/lib/ravelin/certs";
  store.certificates = 2;
  store.workers_serving = 1;
  store.soonest = {{"a.test", 3, fake_now() + std::chrono::hours(5)}};
  store.ticket_key_made = fake_now() - std::chrono::hours(1);
  store.renewals.next = {{"a.test", fake_now(), "half of its lifetime is over"},
                         {"b.test", fake_now(), "nothing is served yet", 2, fake_now(), "busy"}};
  store.renewals.last_failure = store.renewals.next.back();
  const auto body = boost::json::parse(answer_admin(on_socket("GET", "/v1/status"), backend).body);
  const auto& shown = body.at("store");
  EXPECT_EQ(shown.at("workers"), 2);
  EXPECT_EQ(shown.at("workers_serving"), 1);
  EXPECT_EQ(shown.at("soonest").at(0).at("not_after"), "2026-11-24T17:00:00Z");
  EXPECT_EQ(shown.at("ticket_key_made"), "2026-11-24T11:00:00Z");
  EXPECT_EQ(shown.at("next_renewals").at(0).at("why"), "half of its lifetime is over");
  EXPECT_FALSE(shown.at("next_renewals").at(0).as_object().contains("error"));
  EXPECT_EQ(shown.at("last_failure").at("name"), "b.test");
  EXPECT_EQ(shown.at("last_failure").at("error"), "busy");
  EXPECT_EQ(shown.at("last_failure").at("failures"), 2);
}

TEST(AdminApi, TheStatusShowsTheProcesses) {
  FakeBackend backend;
  backend.processes().all = {
      {"gateway", 4711, 60, 2, "ready", "seccomp", {"starts no program"}, "signal 9 (Killed)"}};
  const auto body = boost::json::parse(answer_admin(on_socket("GET", "/v1/status"), backend).body);
  const auto& shown = body.at("processes").at(0);
  EXPECT_EQ(shown.at("role"), "gateway");
  EXPECT_EQ(shown.at("pid"), 4711);
  EXPECT_EQ(shown.at("up_seconds"), 60);
  EXPECT_EQ(shown.at("starts"), 2);
  EXPECT_EQ(shown.at("condition"), "ready");
  EXPECT_EQ(shown.at("confinement"), "seccomp");
  EXPECT_EQ(shown.at("may_do").at(0), "starts no program");
  EXPECT_EQ(shown.at("last_end"), "signal 9 (Killed)");
}

TEST(AdminApi, AnUpgradeIsBegunAndThenPartOfTheStatus) {
  FakeBackend backend;
  const auto status = [&backend] {
    return boost::json::parse(answer_admin(on_socket("GET", "/v1/status"), backend).body);
  };
  EXPECT_FALSE(status().as_object().contains("last_upgrade"));
  EXPECT_EQ(answer_admin(on_socket("POST", "/v1/upgrade"), backend).status, 200);
  EXPECT_EQ(status().at("last_upgrade").at("state"), "starting");
  backend.refuse_reloads({base::Errc::conflict, "one is under way", std::nullopt});
  EXPECT_EQ(answer_admin(on_socket("POST", "/v1/upgrade"), backend).status, 409);
}

TEST(AdminApi, WithoutAStoreTheStatusSaysNothingOfFailuresAndTicketKeys) {
  FakeBackend backend;
  const auto body = boost::json::parse(answer_admin(on_socket("GET", "/v1/status"), backend).body);
  const auto& shown = body.at("store").as_object();
  EXPECT_EQ(shown.at("path"), "");
  EXPECT_FALSE(shown.contains("last_failure"));
  EXPECT_FALSE(shown.contains("ticket_key_made"));
}

struct WeightCase {
  const char* name;
  const char* body;
  int status;
  std::uint32_t weight;  // afterwards; configured: 3
};

constexpr WeightCase kWeightCases[] = {
    {"Number", R"({"weight":5})", 200, 5},
    {"Zero", R"({"weight":0})", 200, 0},
    {"Most", R"( { "weight" : 256 } )", 200, 256},
    {"NullIsConfigured", R"({"weight":null})", 200, 3},
    {"TooMuch", R"({"weight":257})", 422, 9},
    {"Negative", R"({"weight":-1})", 422, 9},
    {"Fraction", R"({"weight":1.5})", 422, 9},
    {"Huge", R"({"weight":18446744073709551615})", 422, 9},
    {"Text", R"({"weight":"5"})", 422, 9},
    {"OtherKey", R"({"wieght":5})", 422, 9},
    {"MoreKeys", R"({"weight":5,"pool":"x"})", 422, 9},
    {"Array", R"([5])", 422, 9},
    {"Empty", "", 422, 9},
    {"NotJson", "weight=5", 422, 9},
    {"Trailing", R"({"weight":5}x)", 422, 9},
    {"Deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 422, 9},
};

class AdminWeight : public ::testing::TestWithParam<WeightCase> {};

TEST_P(AdminWeight, IsSetOrRefused) {
  FakeBackend backend;
  backend.find("web", "one")->weight = 9;
  const AdminResponse response =
      answer_admin(on_socket("POST", "/v1/servers/web/one/weight", GetParam().body), backend);
  EXPECT_EQ(response.status, GetParam().status) << response.body;
  EXPECT_EQ(backend.find("web", "one")->weight, GetParam().weight);
}

INSTANTIATE_TEST_SUITE_P(All, AdminWeight, ::testing::ValuesIn(kWeightCases),
                         [](const auto& test) { return test.param.name; });

struct AddCase {
  const char* name;
  const char* target;
  const char* body;
  int status;
};

constexpr AddCase kAddCases[] = {
    {"Smallest", "/v1/servers/web", R"({"address":"10.0.1.19:8080"})", 201},
    {"All", "/v1/servers/web",
     R"({"address":"10.0.1.19:8080","name":"nine","weight":0,"backup":true,"zone":"east","tls":true})",
     201},
    {"Again", "/v1/servers/web", R"({"address":"10.0.1.19:8080","name":"one"})", 409},
    {"UnknownPool", "/v1/servers/nine", R"({"address":"10.0.1.19:8080"})", 404},
    {"NoAddress", "/v1/servers/web", R"({"name":"nine"})", 422},
    {"NotJson", "/v1/servers/web", "address: 10.0.1.19:8080", 422},
    {"BadWeight", "/v1/servers/web", R"({"address":"10.0.1.19:8080","weight":257})", 422},
    {"Saved", "/v1/servers/web?save=true", R"({"address":"10.0.1.19:8080"})", 409},
};

class AdminAdd : public ::testing::TestWithParam<AddCase> {};

TEST_P(AdminAdd, IsDoneOrRefused) {
  FakeBackend backend;
  const AdminResponse response =
      answer_admin(on_socket("POST", GetParam().target, GetParam().body), backend);
  EXPECT_EQ(response.status, GetParam().status) << response.body;
  if (GetParam().status != 201) return;
  const auto body = boost::json::parse(response.body);
  const auto& servers = body.at("pools").at(0).at("servers").as_array();
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_EQ(servers[0].at("address"), "10.0.1.19:8080");
  EXPECT_EQ(servers[0].at("source"), "operator");
}

INSTANTIATE_TEST_SUITE_P(All, AdminAdd, ::testing::ValuesIn(kAddCases),
                         [](const auto& test) { return test.param.name; });

TEST(AdminApi, ARemovedServerIsNotAmongThoseThatAreLeftUntilItIsRestored) {
  FakeBackend backend;
  const AdminResponse removed = answer_admin(on_socket("DELETE", "/v1/servers/web/one"), backend);
  const auto body = boost::json::parse(removed.body);
  const auto& left = body.at("pools").at(0).at("servers").as_array();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].at("server"), "two");
  const AdminResponse listed = answer_admin(on_tcp("GET", "/v1/overrides"), backend);
  EXPECT_EQ(listed.body,
            "{\"overrides\":[{\"pool\":\"web\",\"server\":\"one\",\"order\":\"removed\","
            "\"since\":\"2026-11-24T12:00:00Z\",\"saved\":\"not saved\",\"effect\":true}]}\n");
  EXPECT_EQ(answer_admin(on_socket("POST", "/v1/servers/web/one/restore"), backend).status, 200);
  EXPECT_NE(backend.find("web", "one"), nullptr);
}

TEST(AdminApi, WhatMayBeSavedIs) {
  FakeBackend backend;
  backend.allow_saving();
  EXPECT_EQ(answer_admin(on_socket("POST", "/v1/servers/web/one/drain?save=true"), backend).status,
            200);
  EXPECT_EQ(backend.find("web", "one")->state, "drain");
}

TEST(AdminApi, ReadinessSaysWhyNot) {
  FakeBackend backend;
  EXPECT_EQ(answer_admin(on_tcp("GET", "/readyz"), backend).body,
            "{\"ready\":true,\"reason\":\"\"}\n");
  backend.drain();
  const AdminResponse response = answer_admin(on_tcp("GET", "/readyz"), backend);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body,
            "{\"ready\":false,\"reason\":\"draining: the gateway is shutting down\"}\n");
  EXPECT_EQ(answer_admin(on_tcp("GET", "/healthz"), backend).status, 200);
}

TEST(AdminApi, AReloadAnswersWithItsGenerationOrItsFindings) {
  struct Row {
    base::Errc code;
    int status;
  };

  FakeBackend backend;
  EXPECT_EQ(answer_admin(on_socket("POST", "/v1/reload"), backend).body, "{\"generation\":8}\n");
  for (const Row& row : {Row{base::Errc::invalid, 422}, Row{base::Errc::conflict, 409},
                         Row{base::Errc::unavailable, 503}, Row{base::Errc::io, 500}}) {
    backend.refuse_reloads({row.code, "r.yaml:1:1: \"x\"\n1 error", std::nullopt});
    const AdminResponse response = answer_admin(on_socket("POST", "/v1/reload"), backend);
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(boost::json::parse(response.body).at("error").at("message"),
              "r.yaml:1:1: \"x\"\n1 error");
  }
  EXPECT_EQ(backend.status().generation, 8U);
}

TEST(AdminApi, StatusIsStable) {
  FakeBackend backend;
  const auto status = boost::json::parse(answer_admin(on_tcp("GET", "/v1/status"), backend).body);
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_EQ(status.at("pid"), 4711);
  EXPECT_EQ(status.at("time"), "2026-11-24T12:00:00Z");
  EXPECT_EQ(status.at("ready"), true);
  EXPECT_EQ(status.at("listeners").at(0).at("addresses").at(1), "[::]:443");
  EXPECT_EQ(status.at("workers").at(1).at("generation"), 6);
  EXPECT_EQ(status.at("pools").at(0).at("servers").at(1).at("backup"), true);
  EXPECT_EQ(status.at("pools").at(1).at("queued"), 2);
  EXPECT_EQ(status.at("pools").at(0).at("panic"), false);
  EXPECT_EQ(status.at("pools").at(0).at("servers").at(0).at("priority"), 0);
  EXPECT_EQ(status.at("certificates").at(0).at("not_after"), "2026-12-29T14:00:00Z");
  EXPECT_EQ(status.at("last_reload").at("ok"), true);
}

TEST(AdminApi, StatusTellsWhatPresses) {
  FakeBackend backend;
  backend.press();
  const auto status = boost::json::parse(answer_admin(on_tcp("GET", "/v1/status"), backend).body);
  EXPECT_EQ(status.at("overload").at("actions").at(0), "stop_keep_alive");
  EXPECT_EQ(status.at("overload").at("percent").at("descriptors"), 87);
  EXPECT_EQ(status.at("limits").at("rate_entries"), 1200);
  EXPECT_EQ(status.at("abuse").at("banned"), 2);
}

TEST(AdminApi, WhyTellsWhatIsKnownOfAClientOrARequest) {
  FakeBackend backend;
  for (const char* subject : {"/v1/why/192.0.2.7", "/v1/why/r1"}) {
    const boost::json::value why =
        boost::json::parse(answer_admin(on_tcp("GET", subject), backend).body);
    EXPECT_EQ(why.at("client").at("client"), "192.0.2.7/32");
    EXPECT_EQ(why.at("client").at("banned_for_s"), 200);
    EXPECT_EQ(why.at("client").at("counted").at("scanner"), 3);
    const boost::json::value& ban = why.at("bans").at(0);
    EXPECT_EQ(ban.at("rule"), "honeypot");
    EXPECT_EQ(ban.at("request"), "r1");
    EXPECT_EQ(ban.at("kernel"), "made");
    EXPECT_EQ(ban.at("time"), "2026-11-24T12:00:00Z");
    EXPECT_EQ(why.at("firewall").at("connected"), true);
  }
  const boost::json::value nothing =
      boost::json::parse(answer_admin(on_tcp("GET", "/v1/why/192.0.2.8"), backend).body);
  EXPECT_TRUE(nothing.at("bans").as_array().empty());
  EXPECT_EQ(answer_admin(on_tcp("GET", "/v1/why/a%20b"), backend).status, 422);
  EXPECT_EQ(answer_admin(on_socket("POST", "/v1/why/r1"), backend).status, 405);
}

TEST(AdminApi, MetricsAreText) {
  FakeBackend backend;
  const AdminResponse response = answer_admin(on_tcp("GET", "/metrics"), backend);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("ravelin_build_info 1"));
}

TEST(AdminApi, MethodFailuresSayWhatIsAllowed) {
  FakeBackend backend;
  EXPECT_EQ(answer_admin(on_socket("DELETE", "/v1/status"), backend).allow, "GET, HEAD");
  EXPECT_EQ(answer_admin(on_socket("GET", "/v1/reload"), backend).allow, "POST");
}

TEST(AdminApi, TheDashboardLoadsOnlyItself) {
  FakeBackend backend;
  for (const char* target : {"/", "/dashboard.js", "/dashboard.css"}) {
    const AdminResponse response = answer_admin(on_tcp("GET", target), backend);
    EXPECT_THAT(response.content_security_policy, HasSubstr("default-src 'none'"));
    EXPECT_THAT(response.body, Not(HasSubstr("http://")));
    EXPECT_THAT(response.body, Not(HasSubstr("https://")));
    EXPECT_THAT(response.body, Not(IsEmpty()));
  }
  EXPECT_THAT(kDashboardScript, Not(HasSubstr("innerHTML")));
  EXPECT_THAT(kDashboardPage, Not(HasSubstr("onload=")));
}

}  // namespace
}  // namespace ravelin::gateway
