// Which flows a policy denies, by one policy and one set of routes.
#include "firewall/control/established.h"

#include "policies/parse/parse.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

constexpr const char* kEstablishedPolicy = R"(policy: v1
name: gate
zones:
  wan: { interfaces: [wan0] }
  lan: { interfaces: [lan0], networks: [10.9.0.0/24] }
  dmz: { interfaces: [dmz0, dmz1], networks: [10.8.0.0/24] }
feeds:
  bad: { file: bad.txt }
management: { service: ssh, from: 198.51.100.7 }
nat:
  - { forward: tcp/8443, via: wan, to: "10.8.0.7:443" }
  - { redirect: tcp/81, via: lan, to: "host:8081" }
rules:
  wan -> host:
    - { deny: any, from: feed/bad }
    - { allow: https, limit: 1/h burst 1 }
    - { allow: tcp/7000, from: feed/bad }
  lan -> wan:
    - allow: https
  wan -> dmz:
    - allow: tcp/9443
  dmz -> lan:
    - { allow: tcp/5432, via: dmz1 }
  host -> wan:
    - { allow: http, owner: { cgroup: web.slice } }
    - allow: dns
  lan -> host:
    - allow: tcp/8081
)";

policies::Policy established_policy() {
  base::Diagnostics diagnostics;
  auto parsed = policies::parse_policy(kEstablishedPolicy, {}, diagnostics);
  for (const base::Finding& finding : diagnostics.findings())
    EXPECT_NE(finding.severity, base::Severity::error) << base::to_string(finding);
  return std::move(parsed.policy);
}

base::IpAddress ip(std::string_view text) {
  const auto parsed = base::parse_ip(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : base::IpAddress{};
}

RouteTo route(std::string_view to, std::vector<std::string> interfaces, bool is_local = false,
              std::uint32_t table = 254) {
  const auto prefix = base::parse_prefix(to);
  EXPECT_TRUE(prefix) << to;
  return {prefix ? *prefix : base::IpPrefix{}, is_local ? 255U : table, is_local,
          std::move(interfaces)};
}

std::vector<RouteTo> routes() {
  return {route("192.0.2.254", {"wan0"}, true), route("10.9.0.254", {"lan0"}, true),
          route("127.0.0.0/8", {"lo"}, true),   route("0.0.0.0/0", {"wan0"}),
          route("10.9.0.0/24", {"lan0"}),       route("10.8.0.0/24", {"dmz0"})};
}

struct Ends {
  std::string_view source, destination;
  std::uint16_t port;
  std::string_view turned_to;  // by NAT
  std::uint16_t turned_port = 0;
};

Flow flow(const Ends& ends) {
  Flow made;
  made.original = {ip(ends.source), ip(ends.destination), policies::kTcp, 40000, ends.port};
  made.reply = {ip(ends.turned_to.empty() ? ends.destination : ends.turned_to), ip(ends.source),
                policies::kTcp, ends.turned_port != 0 ? ends.turned_port : ends.port, 40000};
  made.has_reply = true;
  return made;
}

struct Row {
  const char* name;
  Ends ends;
  std::string_view denied_by;  // empty: it goes on
};

constexpr Row kRows[] = {
    {"an allow, whatever its limit", {"203.0.113.9", "192.0.2.254", 443}, ""},
    {"no rule", {"203.0.113.9", "192.0.2.254", 22}, "the end of the lists"},
    {"an allow only a feed could give", {"203.0.113.9", "192.0.2.254", 7000}, ""},
    {"management", {"198.51.100.7", "192.0.2.254", 22}, ""},
    {"forwarded as a rule allows", {"10.9.0.7", "203.0.113.9", 443}, ""},
    {"forwarded as none does", {"10.9.0.7", "203.0.113.9", 80}, "the end of the lists"},
    {"a source that is not of its network", {"10.9.1.7", "10.9.0.7", 80}, "the end of the lists"},
    {"an owner might send it", {"192.0.2.254", "203.0.113.9", 80}, ""},
    {"sent by this host, and denied", {"192.0.2.254", "203.0.113.9", 443}, "the end of the lists"},
    {"within this host", {"192.0.2.254", "127.0.0.1", 9}, ""},
    {"a forward of the policy", {"203.0.113.9", "192.0.2.254", 8443, "10.8.0.7", 443}, ""},
    {"one to another host now",
     {"203.0.113.9", "192.0.2.254", 8443, "10.8.0.8", 443},
     "the end of the lists"},
    {"turned by others, to where rules allow it",
     {"203.0.113.9", "192.0.2.254", 8000, "10.8.0.7", 9443},
     ""},
    {"taken by the host before there was a forward",
     {"203.0.113.9", "192.0.2.254", 8443},
     "the end of the lists"},
    {"a redirect", {"10.9.0.7", "203.0.113.9", 81, "10.9.0.254", 8081}, ""},
    {"not redirected yet", {"10.9.0.7", "203.0.113.9", 81}, "the end of the lists"},
    {"a rule of another interface of the zone, which routes do not know of",
     {"10.8.0.7", "10.9.0.7", 5432},
     "the end of the lists"},
};

TEST(Established, FlowsAreDeniedOnlyWhenNoWayAllowsThem) {
  const policies::Policy gate = established_policy();
  const Paths paths(routes());
  FlowJudge judge(gate, paths, {}, {});
  for (const Row& row : kRows)
    EXPECT_EQ(judge.denied_by(flow(row.ends)).value_or(""), row.denied_by) << row.name;
}

TEST(Established, WithoutARouteEveryInterfaceOfEveryZoneCounts) {
  const policies::Policy gate = established_policy();
  const Paths paths({route("192.0.2.254", {}, true)});
  FlowJudge judge(gate, paths, {}, {});
  EXPECT_FALSE(judge.denied_by(flow({"10.8.0.7", "10.9.0.7", 5432}))) << "dmz1 allows it";
  EXPECT_TRUE(judge.denied_by(flow({"10.8.0.7", "10.9.0.7", 5433})));
}

TEST(Established, EveryTableOfRoutesCounts) {
  const policies::Policy gate = established_policy();
  std::vector<RouteTo> known = routes();
  known.push_back(route("10.8.0.0/16", {"dmz1"}, false, 100));
  const Paths paths(known);
  FlowJudge judge(gate, paths, {}, {});
  EXPECT_FALSE(judge.denied_by(flow({"10.8.0.7", "10.9.0.7", 5432})));
}

TEST(Established, TheOperatorsSessionGoesOn) {
  const policies::Policy gate = established_policy();
  const Paths paths(routes());
  const Flow mine = flow({"203.0.113.9", "192.0.2.254", 2222});
  FlowJudge others(gate, paths, {}, {});
  EXPECT_TRUE(others.denied_by(mine));
  FlowJudge judge(gate, paths, policies::SshPeer{ip("203.0.113.9"), 2222, ""}, {});
  EXPECT_FALSE(judge.denied_by(mine));
  EXPECT_TRUE(judge.denied_by(flow({"203.0.113.9", "192.0.2.254", 22})));
}

TEST(Established, OnlyFlowsThatPassUnexaminedAreJudged) {
  const policies::Policy gate = established_policy();
  const Paths paths(routes());
  FlowJudge judge(gate, paths, {}, {});
  const Flow denied = flow({"203.0.113.9", "192.0.2.254", 22});
  ASSERT_TRUE(judge.denied_by(denied));
  for (const auto change :
       {+[](Flow& one) { one.has_reply = false; }, +[](Flow& one) { one.is_expected = true; },
        +[](Flow& one) { one.is_closed = true; }, +[](Flow& one) { one.zone = 7; }}) {
    Flow one = denied;
    change(one);
    EXPECT_FALSE(judge.denied_by(one));
  }
}

TEST(Established, AtSomePointTheRestGoesOnUnexamined) {
  policies::Policy gate = established_policy();
  gate.lists.front().rules.resize(200'000, gate.lists.front().rules.front());
  const Paths paths(routes());
  FlowJudge judge(gate, paths, {}, {});
  for (std::uint16_t port = 10'000; port < 11'000; ++port)
    static_cast<void>(judge.denied_by(flow({"203.0.113.9", "192.0.2.254", port})));
  EXPECT_GT(judge.unjudged(), 500u);
  EXPECT_LT(judge.unjudged(), 1000u);
}

}  // namespace
}  // namespace ravelin::firewall
