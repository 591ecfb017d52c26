#include "gateway/route/router.h"

#include "gateway/route/explain.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

using Outcome = Match::Outcome;

RouteConfig route(std::string name, std::string host, std::string_view path,
                  std::vector<std::string> methods = {}) {
  RouteConfig config;
  config.pos = {"ravelin.yaml", 7, 5};
  config.name = std::move(name);
  config.match.host = std::move(host);
  config.match.path_is_exact = path.starts_with('=');
  config.match.path = path.starts_with('=') ? path.substr(1) : path;
  config.match.methods = std::move(methods);
  return config;
}

std::vector<RouteConfig> example_routes() {
  return {
      route("any", "", ""),
      route("api", "api.example.com", ""),
      route("api_v1", "api.example.com", "/v1/"),
      route("api_v1_bare", "api.example.com", "/v1"),
      route("api_v1_get", "api.example.com", "/v1/", {"GET", "HEAD"}),
      route("api_v1_items", "api.example.com", "/v1/items", {"GET"}),
      route("api_v1_items_exact", "api.example.com", "=/v1/items"),
      route("api_dir_exact", "api.example.com", "=/dir/", {"GET"}),
      route("wild", "*.example.com", "/"),
      route("wild_deep", "*.eu.example.com", "/deep"),
      route("static", "static.test", "/files", {"GET", "HEAD"}),
      route("static_put", "static.test", "/files/up", {"PUT"}),
      route("root_only", "root.test", "=/", {"GET"}),
  };
}

struct MatchCase {
  const char* name;
  const char* host;
  const char* path;
  const char* method;
  const char* route;  // nullptr = no route
};

constexpr MatchCase kMatchCases[] = {
    {"ExactHostBeatsWildcard", "api.example.com", "/", "POST", "api"},
    {"PrefixStopsAtSegment", "api.example.com", "/v1x", "GET", "api"},
    {"PrefixWithSlashBeatsTheBareOne", "api.example.com", "/v1/", "POST", "api_v1"},
    {"PrefixWithSlashLeavesTheBarePath", "api.example.com", "/v1", "POST", "api_v1_bare"},
    {"MethodBeatsAnyMethod", "api.example.com", "/v1/other", "GET", "api_v1_get"},
    {"LongerPrefixBeatsMethodOfShorter", "api.example.com", "/v1/items/7", "GET", "api_v1_items"},
    {"MethodFallsToShorterPrefix", "api.example.com", "/v1/items/7", "HEAD", "api_v1_get"},
    {"MethodFallsToAnyMethod", "api.example.com", "/v1/items/7", "PUT", "api_v1"},
    {"ExactPathBeatsPrefix", "api.example.com", "/v1/items", "GET", "api_v1_items_exact"},
    {"ExactPathTakesNothingBelow", "api.example.com", "/v1/items/", "GET", "api_v1_items"},
    {"ExactWithSlash", "api.example.com", "/dir/", "GET", "api_dir_exact"},
    {"ExactWithSlashLeavesTheBare", "api.example.com", "/dir", "GET", "api"},
    {"PathIsCaseSensitive", "api.example.com", "/V1/items", "GET", "api"},
    {"WildcardTakesOneLabel", "www.example.com", "/", "GET", "wild"},
    {"WildcardTakesManyLabels", "a.b.c.example.com", "/x", "GET", "wild"},
    {"WildcardLeavesTheNameItself", "example.com", "/", "GET", "any"},
    {"WildcardStopsAtLabel", "badexample.com", "/", "GET", "any"},
    {"LongerWildcardBeatsShorter", "a.eu.example.com", "/deep/x", "GET", "wild_deep"},
    {"PathFallsToShorterWildcard", "a.eu.example.com", "/shallow", "GET", "wild"},
    {"LongerWildcardLeavesItsOwnName", "eu.example.com", "/deep", "GET", "wild"},
    {"UnknownHostFallsToAny", "other.test", "/x", "GET", "any"},
    {"NoHostFallsToAny", "", "/x", "GET", "any"},
    {"PathFallsToAnyHost", "static.test", "/nothing", "GET", "any"},
    {"TrailingDotIsTheSameHost", "api.example.com.", "/v1", "GET", "api_v1_bare"},
    {"AddressAsHost", "[::1]", "/", "GET", "any"},
    {"UnknownMethodMeetsAnyMethod", "api.example.com", "/v1/a", "BREW", "api_v1"},
    {"MethodIsCaseSensitive", "api.example.com", "/v1/other", "get", "api_v1"},
    {"EmptySegmentsAreNotTheRoute", "api.example.com", "//v1/items", "GET", "api"},
    {"AsteriskIsNoPath", "api.example.com", "*", "OPTIONS", nullptr},
    {"EmptyIsNoPath", "api.example.com", "", "GET", nullptr},
};

TEST(Router, PrefersTheMostSpecificRoute) {
  const auto routes = example_routes();
  const auto router = Router::build(routes);
  ASSERT_TRUE(router) << router.error().message;
  for (const MatchCase& row : kMatchCases) {
    const Match match = router->match(row.host, row.path, row.method);
    ASSERT_EQ(match.outcome, row.route ? Outcome::matched : Outcome::no_route) << row.name;
    if (row.route) EXPECT_EQ(routes[match.route].name, row.route) << row.name;
  }
}

TEST(Router, WithoutARouteForAnyHostRefusesUnknownHosts) {
  const std::vector routes{route("a", "a.test", "/x", {"GET", "PUT"}),
                           route("b", "a.test", "/x/y", {"DELETE", "GET"})};
  const auto router = Router::build(routes);
  ASSERT_TRUE(router);
  EXPECT_EQ(router->match("b.test", "/x", "GET").outcome, Outcome::no_route);
  EXPECT_EQ(router->match("a.test", "/z", "GET").outcome, Outcome::no_route);
  EXPECT_EQ(router->match("a.test", "/x", "POST").outcome, Outcome::method_not_allowed);
  EXPECT_EQ(router->allowed_methods("a.test", "/x"), "GET, PUT");
  EXPECT_EQ(router->allowed_methods("a.test", "/x/y/z"), "GET, PUT, DELETE");
  EXPECT_EQ(router->match("a.test", "/x/y", "PUT").route, 0U);
}

TEST(Router, WithoutRoutesMatchesNothing) {
  const auto router = Router::build({});
  ASSERT_TRUE(router);
  EXPECT_EQ(router->match("a.test", "/", "GET").outcome, Outcome::no_route);
  EXPECT_EQ(router->allowed_methods("a.test", "/"), "");
}

using Asked = std::vector<std::pair<std::string_view, std::string_view>>;

ValueCondition where(std::string name, ValueTest test, std::string value = "") {
  return {.pos = {}, .name = std::move(name), .test = test, .value = std::move(value)};
}

std::vector<base::IpPrefix> from(std::initializer_list<const char*> prefixes) {
  std::vector<base::IpPrefix> parsed;
  for (const char* text : prefixes)
    parsed.push_back(*base::parse_prefix(text));
  return parsed;
}

std::vector<RouteConfig> conditional_routes() {
  std::vector<RouteConfig> routes{route("plain", "a.test", "/v1")};
  const auto add = [&routes](std::string name, auto change, std::vector<std::string> methods = {}) {
    RouteConfig next = route(std::move(name), "a.test", "/v1", std::move(methods));
    change(next.match);
    routes.push_back(std::move(next));
  };
  using enum ValueTest;
  add("canary", [](RouteMatch& m) { m.headers = {where("X-Canary", exact, "1")}; });
  add("canary_v2", [](RouteMatch& m) {
    m.headers = {where("X-Canary", exact, "1"), where("X-V", exact, "2")};
  });
  add("any_canary", [](RouteMatch& m) { m.headers = {where("X-Canary", present)}; });
  add("canary_prefix", [](RouteMatch& m) { m.headers = {where("X-Canary", prefix, "be")}; });
  add("canary_longer_prefix",
      [](RouteMatch& m) { m.headers = {where("X-Canary", prefix, "beta")}; });
  add("debug", [](RouteMatch& m) { m.query = {where("debug", exact, "1")}; });
  add("office", [](RouteMatch& m) { m.from = from({"10.0.0.0/8"}); });
  add("desk", [](RouteMatch& m) { m.from = from({"10.1.0.0/16"}); });
  add("desk6", [](RouteMatch& m) { m.from = from({"2001:db8::/32"}); });
  add("get", [](RouteMatch&) {}, {"GET"});
  add("get_canary", [](RouteMatch& m) { m.headers = {where("X-Canary", exact, "1")}; }, {"GET"});
  routes.push_back(route("below", "a.test", "/v1/x"));
  routes.push_back(route("put_only", "a.test", "/put", {"PUT"}));
  routes.push_back(route("put_debug", "a.test", "/put", {"POST"}));
  routes.back().match.query = {where("debug", present)};
  return routes;
}

struct ConditionCase {
  const char* name;
  const char* method;
  const char* path;
  Asked fields;
  const char* query;
  const char* client;
  const char* route;  // "404" and "405" for none
};

const ConditionCase kConditionCases[] = {
    {"NoneHolds", "PUT", "/v1", {}, "", "192.0.2.1", "plain"},
    {"AHeader", "PUT", "/v1", {{"X-Canary", "1"}}, "", "192.0.2.1", "canary"},
    {"MoreConditionsWin",
     "PUT",
     "/v1",
     {{"X-Canary", "1"}, {"X-V", "2"}},
     "debug=1",
     "10.1.1.1",
     "canary_v2"},
    {"ExactBeatsPresent", "PUT", "/v1", {{"X-Canary", "1"}}, "", "", "canary"},
    {"PresentTakesTheRest", "PUT", "/v1", {{"X-Canary", "9"}}, "", "", "any_canary"},
    {"LongerPrefixWins", "PUT", "/v1", {{"X-Canary", "beta2"}}, "", "", "canary_longer_prefix"},
    {"ShorterPrefixTakesTheRest", "PUT", "/v1", {{"X-Canary", "bee"}}, "", "", "canary_prefix"},
    {"HeaderBeatsQuery", "PUT", "/v1", {{"X-Canary", "9"}}, "debug=1", "", "any_canary"},
    {"QueryBeatsFrom", "PUT", "/v1", {}, "debug=1", "10.1.1.1", "debug"},
    {"SmallerNetworkWins", "PUT", "/v1", {}, "", "10.1.1.1", "desk"},
    {"LargerNetworkTakesTheRest", "PUT", "/v1", {}, "", "10.2.1.1", "office"},
    {"OtherFamily", "PUT", "/v1", {}, "", "2001:db8::1", "desk6"},
    {"MethodBeatsConditions", "GET", "/v1", {}, "debug=1", "10.1.1.1", "get"},
    {"ConditionsWithinAMethod", "GET", "/v1", {{"X-Canary", "1"}}, "", "", "get_canary"},
    {"PathBeatsConditions", "PUT", "/v1/x", {{"X-Canary", "1"}}, "", "", "below"},
    {"ConditionsHoldBelow", "PUT", "/v1/y", {{"X-Canary", "1"}}, "", "", "canary"},
    {"WrongMethod", "POST", "/put", {}, "", "", "405"},
    {"RightWithCondition", "POST", "/put", {}, "debug", "", "put_debug"},
    {"NotHere", "PUT", "/other", {{"X-Canary", "1"}}, "", "", "404"},
};

TEST(Router, AsksConditionsAfterHostPathAndMethod) {
  const auto routes = conditional_routes();
  const auto router = Router::build(routes);
  ASSERT_TRUE(router) << router.error().message;
  for (const ConditionCase& row : kConditionCases) {
    FieldList fields;
    for (const auto& [name, value] : row.fields)
      fields.push_back({find_field(name), name, value});
    const auto client = base::parse_ip(row.client);
    const RequestTraits traits{&fields, row.query, client ? &*client : nullptr};
    const Match match = router->match("a.test", row.path, row.method, traits);
    const std::string met = match.outcome == Outcome::matched    ? routes[match.route].name
                            : match.outcome == Outcome::no_route ? "404"
                                                                 : "405";
    EXPECT_EQ(met, row.route) << row.name;
  }
}

TEST(Router, AllowsTheMethodsOfRoutesWhoseConditionsHold) {
  const auto router = Router::build(conditional_routes());
  ASSERT_TRUE(router);
  EXPECT_EQ(router->allowed_methods("a.test", "/put"), "PUT");
  EXPECT_EQ(router->allowed_methods("a.test", "/put", {nullptr, "debug", nullptr}), "PUT, POST");
}

TEST(Router, ARouteWhoseConditionsFailIsNotThere) {
  std::vector<RouteConfig> routes{route("only", "a.test", "/", {"GET"})};
  routes[0].match.headers = {where("X-A", ValueTest::present)};
  const auto router = Router::build(routes);
  ASSERT_TRUE(router);
  EXPECT_EQ(router->match("a.test", "/", "GET").outcome, Outcome::no_route);
  EXPECT_EQ(router->match("a.test", "/", "PUT").outcome, Outcome::no_route);
}

struct BuildErrorCase {
  std::vector<RouteConfig> routes;
  const char* message;
};

TEST(Router, RefusesRoutesThatCannotWork) {
  std::string many_segments;
  for (std::size_t i = 0; i <= Router::kSegmentsMax; ++i)
    many_segments += "/a";
  std::string many_labels = "a";
  for (std::size_t i = 0; i < Router::kSegmentsMax; ++i)
    many_labels += ".a";
  std::vector<std::string> many_methods;
  for (std::size_t i = 0; i <= Router::kMethodsMax; ++i)
    many_methods.push_back("M" + std::to_string(i));
  const BuildErrorCase cases[] = {
      {{route("a", "x.test", "/v1"), route("b", "x.test", "/v1")},
       "route \"b\" takes the same requests as route \"a\""},
      {{route("a", "", ""), route("b", "", "/")},
       "route \"b\" takes the same requests as route \"a\""},
      {{route("a", "", "/", {"GET"}), route("b", "", "/", {"PUT", "GET"})},
       "route \"b\" takes the same requests as route \"a\""},
      {{route("a", "X.test", "")}, "route \"a\": host \"X.test\" is not in lower case"},
      {{route("a", "*", "")},
       "route \"a\": host \"*\": \"*\" stands only in front, as in \"*.example.com\""},
      {{route("a", "a.*.test", "")},
       "route \"a\": host \"a.*.test\": \"*\" stands only in front, as in \"*.example.com\""},
      {{route("a", "a..test", "")}, "route \"a\": host \"a..test\" has an empty label"},
      {{route("a", many_labels, "")}, "has more than 32 labels"},
      {{route("a", "", "v1")}, "route \"a\": path \"v1\" is not a path"},
      {{route("a", "", "/%zz")},
       "route \"a\": path \"/%zz\" has a percent sign without two hex digits"},
      {{route("a", "", "/%61/b//c/")},
       "route \"a\": path \"/%61/b//c/\" is never met in this spelling (write \"/a/b/c/\")"},
      {{route("a", "", "/a/../b")},
       "route \"a\": path \"/a/../b\" is never met in this spelling (write \"/b\")"},
      {{route("a", "", "=")}, "route \"a\": path \"\" is never met in this spelling (write \"/\")"},
      {{route("a", "", many_segments)}, "has more than 32 segments"},
      {{route("a", "", "", many_methods)}, "all routes together may name 63 different methods"},
  };
  for (const BuildErrorCase& row : cases) {
    const auto router = Router::build(row.routes);
    ASSERT_FALSE(router) << row.message;
    EXPECT_NE(router.error().message.find(row.message), std::string::npos)
        << router.error().message;
    EXPECT_EQ(router.error().pos, row.routes.back().pos);
  }
}

TEST(Router, TakesTheDeepestRoutesItAllows) {
  std::string path;
  for (std::size_t i = 0; i < Router::kSegmentsMax; ++i)
    path += "/a";
  std::string labels = "a";
  for (std::size_t i = 1; i < Router::kSegmentsMax; ++i)
    labels += ".a";
  const std::vector routes{route("deep", "*." + labels, path)};
  const auto router = Router::build(routes);
  ASSERT_TRUE(router) << router.error().message;
  EXPECT_EQ(router->match("x." + labels, path, "GET").outcome, Outcome::matched);
  EXPECT_EQ(router->match("x.y." + labels, path + "/b/c", "GET").outcome, Outcome::matched);
  EXPECT_EQ(router->match(labels, path, "GET").outcome, Outcome::no_route);
  EXPECT_EQ(router->match("x." + labels, path + std::string(5'000, '/'), "GET").outcome,
            Outcome::matched);
}

// None most of the time.
void add_conditions(std::uint64_t choice, RouteMatch& match) {
  using enum ValueTest;
  if (choice % 5 == 0) match.headers = {where("X-A", exact, "1")};
  if (choice % 5 == 1) match.headers = {where("X-A", present), where("X-B", absent)};
  if (choice / 5 % 4 == 0) match.query = {where("v", prefix, "2")};
  if (choice / 20 % 4 == 0) match.from = from({"10.0.0.0/8"});
}

// The tree and the plain statement of the rule choose the same route for every request.
TEST(Router, AgreesWithTheExplanation) {
  const char* const hosts[] = {"", "a.test", "b.a.test", "*.test", "*.a.test", "*.b.a.test", "c"};
  const char* const paths[] = {"",     "/",    "=/",    "/a",    "/a/", "=/a",
                               "=/a/", "/a/b", "/a/b/", "=/a/b", "/b",  "/a/b/c"};
  const std::vector<std::string> methods[] = {{}, {"GET"}, {"PUT", "POST"}, {"HEAD"}};
  const char* const asked_hosts[] = {"",     "a.test", "b.a.test", "x.b.a.test",
                                     "test", "c",      "x.test."};
  const char* const asked_paths[] = {"/",      "/a",       "/a/", "/ab",  "/a/b", "/a/b/",
                                     "/a/b/c", "/a/b/c/d", "/b",  "/b/a", "/a/c", "/A"};
  const char* const asked_methods[] = {"GET", "PUT", "HEAD", "BREW"};
  FieldList fields;
  fields.push_back({FieldId::unknown, "X-A", "1"});
  const base::IpAddress client = *base::parse_ip("10.1.1.1");
  const RequestTraits rich{&fields, "v=22", &client};
  std::mt19937 random(11);
  int built = 0;
  for (int round = 0; round < 800; ++round) {
    std::vector<RouteConfig> routes;
    for (std::size_t i = 1 + random() % 12; i != 0; --i) {
      auto next = route("r" + std::to_string(i), hosts[random() % std::size(hosts)],
                        paths[random() % std::size(paths)], methods[random() % std::size(methods)]);
      routes.push_back(next);
      add_conditions(random(), routes.back().match);
      if (!Router::build(routes)) routes.pop_back();
    }
    const auto router = Router::build(routes);
    ASSERT_TRUE(router);
    built += 1;
    for (const char* host : asked_hosts) {
      for (const char* path : asked_paths) {
        for (const char* method : asked_methods) {
          const RequestTraits traits = random() % 2 == 0 ? RequestTraits{} : rich;
          const Match match = router->match(host, path, method, traits);
          Match expected;
          for (const Explanation& candidate : explain_match(routes, host, path, method, traits)) {
            if (candidate.verdict == Explanation::Verdict::wins)
              expected = {Outcome::matched, candidate.route};
            if (candidate.verdict == Explanation::Verdict::method &&
                expected.outcome == Outcome::no_route)
              expected.outcome = Outcome::method_not_allowed;
          }
          ASSERT_EQ(match.outcome, expected.outcome) << host << path << method;
          ASSERT_EQ(match.route, expected.route) << host << path << method;
        }
      }
    }
  }
  EXPECT_EQ(built, 800);
}

}  // namespace
}  // namespace ravelin::gateway
