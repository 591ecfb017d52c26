#include "gateway/discovery/overrides_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using std::chrono::sys_seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> findings_of(std::string_view text) {
  base::Diagnostics diagnostics;
  static_cast<void>(parse_overrides(text, "/o.json", diagnostics));
  std::vector<std::string> all;
  for (const base::Finding& finding : diagnostics.findings())
    all.push_back(base::to_string(finding));
  return all;
}

OverrideSet all_kinds() {
  const sys_seconds now{std::chrono::seconds(1'795'000'000)};
  ServerConfig full;
  full.name = "c";
  full.address = *base::parse_endpoint("app.internal:8443");
  full.weight = 0;
  full.backup = true;
  full.zone = "east";
  full.connections_max = 100;
  full.agent_port = 9707;
  full.tls.emplace();
  full.tls->ca = "/etc/\"quoted\" \\ and ä.pem";
  full.tls->name = "app.internal";
  full.tls->certificate = "/etc/c.crt";
  full.tls->key = "/etc/c.key";
  full.source = ServerSource::admin;
  ServerConfig local;
  local.name = "unix:/run/app.sock";
  local.address = *base::parse_endpoint(local.name);
  local.priority = 3;
  local.source = ServerSource::admin;
  OverrideSet set;
  const OverrideKey a{"web", "a", OverrideKind::state};
  apply_edits(edits_to_set_state(a, AdminState::drain, now), set);
  apply_edits(edits_to_set_weight(a, 5, 3, now), set);
  apply_edits(edits_to_set_state({"api", "[::1]:80", OverrideKind::state}, AdminState::maint, now),
              set);
  apply_edits(edits_to_add("web", full, now), set);
  apply_edits(edits_to_add("web", local, now), set);
  ServerConfig gone = local;
  gone.name = "d";
  gone.source = ServerSource::file;
  apply_edits(edits_to_remove("web", gone, now), set);
  return set;
}

TEST(OverridesText, IsReadBackAsItWas) {
  const OverrideSet set = all_kinds();
  ASSERT_EQ(set.size(), 6U);
  const std::string text = format_overrides(set);
  base::Diagnostics diagnostics;
  EXPECT_EQ(parse_overrides(text, "/o.json", diagnostics), set) << text;
  EXPECT_THAT(diagnostics.findings(), IsEmpty());
  EXPECT_THAT(findings_of(format_overrides({})), IsEmpty());
}

TEST(OverridesText, HasOneOrderALine) {
  OverrideSet set;
  apply_edits(edits_to_set_state({"web", "a", OverrideKind::state}, AdminState::drain,
                                 sys_seconds(std::chrono::seconds(1'795'000'000))),
              set);
  EXPECT_EQ(format_overrides(set),
            "{\"version\": 1, \"overrides\": [\n"
            "  {\"pool\":\"web\",\"server\":\"a\",\"order\":\"drain\","
            "\"since\":\"2026-11-18T11:06:40Z\"}\n]}\n");
  EXPECT_EQ(format_overrides({}), "{\"version\": 1, \"overrides\": []}\n");
}

struct BrokenCase {
  const char* name;
  std::string text;
  std::string finding;
};

std::string with(const std::string& order) {
  return "{\"version\": 1, \"overrides\": [\n" + order + "\n]}";
}

const BrokenCase kBroken[] = {
    {"Empty", "", "/o.json:1:1: is not JSON: it ends too early"},
    {"Garbage", "\x01\x02", "/o.json:1:1"},
    {"CutShort", R"({"version": 1, "overrides": [ {"pool": "web", "ser)",
     "/o.json:1:51: is not JSON: it ends too early"},
    {"CutOnASecondLine", "{\"version\": 1,\n \"over", "/o.json:2:7: is not JSON"},
    {"Yaml", "version: 1\noverrides: []\n", "/o.json:1:1: is not JSON"},
    {"More", "{\"version\": 1, \"overrides\": []}\n}", "is not JSON"},
    {"List", "[]", "/o.json:1:1"},
    {"OtherVersion", R"({"version": 2, "overrides": []})", "version 2 is not one"},
    {"UnknownKey", R"({"version": 1, "overrides": [], "more": 1})", "unknown key \"more\""},
    {"NoServer", with(R"({"pool": "web", "order": "drain", "since": "2026-11-24T12:00:00Z"})"),
     "/o.json:2:1: overrides[0]: \"server\" is missing"},
    {"BadOrder",
     with(R"({"pool": "web", "server": "a", "order": "explode", "since": "2026-11-24T12:00:00Z"})"),
     "/o.json:2:41: overrides[0].order: \"explode\" is not one of drain, maint, weight, add, "
     "remove"},
    {"BadTime", with(R"({"pool": "web", "server": "a", "order": "drain", "since": "yesterday"})"),
     "is not a time"},
    {"NoSuchDay",
     with(R"({"pool": "web", "server": "a", "order": "drain", "since": "2026-02-30T12:00:00Z"})"),
     "is not a time"},
    {"WeightTooMuch",
     with(
         R"({"pool": "web", "server": "a", "order": "weight", "weight": 257, "configured_weight": 1,)"
         R"( "since": "2026-11-24T12:00:00Z"})"),
     "overrides[0].weight"},
    {"WeightOfADrain",
     with(
         R"({"pool": "web", "server": "a", "order": "drain", "weight": 2, "since": "2026-11-24T12:00:00Z"})"),
     "unknown key \"weight\""},
    {"AddWithoutServer",
     with(R"({"pool": "web", "server": "a", "order": "add", "since": "2026-11-24T12:00:00Z"})"),
     "\"with\" is missing"},
    {"AddWithoutPort",
     with(R"({"pool": "web", "server": "a", "order": "add", "with": {"address": "10.0.0.1"}, )"
          R"("since": "2026-11-24T12:00:00Z"})"),
     "overrides[0].with.address"},
    {"NameWithSlash",
     with(R"({"pool": "web", "server": "a/b", "order": "drain", "since": "2026-11-24T12:00:00Z"})"),
     "is neither a server's name nor its address"},
    {"Twice",
     with(R"({"pool": "web", "server": "a", "order": "drain", "since": "2026-11-24T12:00:00Z"},
{"pool": "web", "server": "a", "order": "maint", "since": "2026-11-24T12:00:00Z"})"),
     "/o.json:3:1: overrides[1]: server \"web/a\" has an order of this kind already"},
};

class BrokenOverrides : public ::testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenOverrides, AreRefusedAtTheirPlace) {
  const std::vector<std::string> findings = findings_of(GetParam().text);
  ASSERT_FALSE(findings.empty());
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(All, BrokenOverrides, ::testing::ValuesIn(kBroken),
                         [](const auto& test) { return test.param.name; });

TEST(ServerJson, IsAServerWithWhatItSays) {
  const auto parsed = parse_server_json(
      R"({"address": "10.0.0.9:8443", "name": "c", "weight": 2, "priority": 1, "zone": "east",)"
      R"( "connections_max": 5, "tls": {"ca": "\/etc\/ca.pem", "name": "app.internal"}})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const ServerConfig& server = parsed->server;
  EXPECT_EQ(base::to_string(server.address), "10.0.0.9:8443");
  EXPECT_EQ(server.name, "c");
  EXPECT_EQ(server.weight, 2);
  EXPECT_EQ(server.priority, 1);
  EXPECT_EQ(server.zone, "east");
  EXPECT_EQ(server.tls->ca, "/etc/ca.pem");
  EXPECT_EQ(server.source, ServerSource::admin);
  EXPECT_FALSE(parsed->says_plaintext);
}

TEST(ServerJson, TlsMayBeAYesOrNo) {
  EXPECT_TRUE(parse_server_json(R"({"address": "10.0.0.9:1", "tls": true})")->server.tls);
  const auto plain = parse_server_json(R"({"address": "10.0.0.9:1", "tls": false})");
  EXPECT_FALSE(plain->server.tls);
  EXPECT_TRUE(plain->says_plaintext);
  EXPECT_EQ(plain->server.name, "10.0.0.9:1");
}

const BrokenCase kBadServers[] = {
    {"Empty", "", "not JSON"},
    {"Yaml", "address: 10.0.0.1:80", "not JSON"},
    {"List", "[]", "the body is an object"},
    {"NoAddress", "{}", "\"address\" is missing"},
    {"NoPort", R"({"address": "10.0.0.1"})", "address: \"10.0.0.1\""},
    {"Weight", R"({"address": "10.0.0.1:80", "weight": 300})", "weight"},
    {"NegativeWeight", R"({"address": "10.0.0.1:80", "weight": -1})", "weight"},
    {"BackupAndPriority", R"({"address": "10.0.0.1:80", "backup": true, "priority": 1})",
     "contradict each other"},
    {"Unknown", R"({"address": "10.0.0.1:80", "wieght": 1})", "did you mean \"weight\""},
    {"RelativePath", R"({"address": "10.0.0.1:80", "tls": {"ca": "ca.pem"}})",
     "tls.ca: \"ca.pem\" is not an absolute path"},
    {"ProxyProtocol", R"({"address": "10.0.0.1:80", "proxy_protocol": "v1"})", "unknown key"},
    {"Null", R"({"address": null})", "address"},
};

class BadServers : public ::testing::TestWithParam<BrokenCase> {};

TEST_P(BadServers, AreRefused) {
  const auto parsed = parse_server_json(GetParam().text);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, base::Errc::invalid);
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().finding));
}

INSTANTIATE_TEST_SUITE_P(All, BadServers, ::testing::ValuesIn(kBadServers),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace ravelin::gateway
