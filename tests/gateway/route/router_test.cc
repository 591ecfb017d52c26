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
  std::mt19937 random(11);
  int built = 0;
  for (int round = 0; round < 800; ++round) {
    std::vector<RouteConfig> routes;
    for (std::size_t i = 1 + random() % 12; i != 0; --i) {
      auto next = route("r" + std::to_string(i), hosts[random() % std::size(hosts)],
                        paths[random() % std::size(paths)], methods[random() % std::size(methods)]);
      routes.push_back(next);
      if (!Router::build(routes)) routes.pop_back();
    }
    const auto router = Router::build(routes);
    ASSERT_TRUE(router);
    built += 1;
    for (const char* host : asked_hosts) {
      for (const char* path : asked_paths) {
        for (const char* method : asked_methods) {
          const Match match = router->match(host, path, method);
          Match expected;
          for (const Explanation& candidate : explain_match(routes, host, path, method)) {
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
