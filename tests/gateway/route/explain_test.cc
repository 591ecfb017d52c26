#include "gateway/route/explain.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using Verdict = Explanation::Verdict;

TEST(Explain, NamesEveryCandidateMostSpecificFirst) {
  std::vector<RouteConfig> routes(5);
  routes[0].name = "any";
  routes[1].name = "other";
  routes[1].match.host = "other.test";
  routes[2].name = "write";
  routes[2].match = {.host = "api.test", .path = "/v1", .path_is_exact = false, .methods = {"PUT"}};
  routes[3].name = "read";
  routes[3].match = {.host = "*.test", .path = "/v1", .path_is_exact = false, .methods = {}};
  routes[4].name = "login";
  routes[4].match = {.host = "api.test", .path = "/in", .path_is_exact = true, .methods = {}};

  const auto answer = explain_match(routes, "api.test", "/v1/items", "GET");
  ASSERT_EQ(answer.size(), 5U);
  EXPECT_EQ(answer[0].route, 4U);
  EXPECT_EQ(answer[0].verdict, Verdict::path);
  EXPECT_EQ(answer[0].why, "path \"/v1/items\" is not \"/in\"");
  EXPECT_EQ(answer[1].route, 2U);
  EXPECT_EQ(answer[1].verdict, Verdict::method);
  EXPECT_EQ(answer[1].why, "method \"GET\" is not one of PUT");
  EXPECT_EQ(answer[2].route, 1U);
  EXPECT_EQ(answer[2].verdict, Verdict::host);
  EXPECT_EQ(answer[2].why, "host \"api.test\" is not \"other.test\"");
  EXPECT_EQ(answer[3].route, 3U);
  EXPECT_EQ(answer[3].verdict, Verdict::wins);
  EXPECT_EQ(answer[3].why, "host *.test, path /v1, methods any");
  EXPECT_EQ(answer[4].route, 0U);
  EXPECT_EQ(answer[4].verdict, Verdict::less_specific);
  EXPECT_EQ(answer[4].why, "would take it, but route \"read\" is more specific");
}

TEST(Explain, SaysWhichConditionDoesNotHold) {
  std::vector<RouteConfig> routes(4);
  routes[0].name = "any";
  routes[1].name = "canary";
  routes[1].match.headers = {{{}, "X-Canary", ValueTest::exact, "1"}};
  routes[2].name = "debug";
  routes[2].match.query = {{{}, "debug", ValueTest::present, ""}};
  routes[3].name = "office";
  routes[3].match.from = {*base::parse_prefix("10.0.0.0/8")};
  FieldList fields;
  fields.push_back({FieldId::unknown, "X-Canary", "2"});
  const base::IpAddress client = *base::parse_ip("192.0.2.1");
  const auto answer = explain_match(routes, "a.test", "/", "GET", {&fields, "x=debug", &client});
  ASSERT_EQ(answer.size(), 4U);
  EXPECT_EQ(answer[0].verdict, Verdict::condition);
  EXPECT_EQ(answer[0].why, "wants that header \"X-Canary\" is \"1\"");
  EXPECT_EQ(answer[1].why, "wants that query parameter \"debug\" is there");
  EXPECT_EQ(answer[2].why, "client 192.0.2.1 is not from 10.0.0.0/8");
  EXPECT_EQ(answer[3].verdict, Verdict::wins);
  const auto nobody = explain_match(routes, "a.test", "/", "GET");
  EXPECT_EQ(nobody[2].why, "wants a client from 10.0.0.0/8; none is given");
}

TEST(Explain, SaysWhichPrefixDiffers) {
  std::vector<RouteConfig> routes(1);
  routes[0].match.path = "/v1";
  const auto answer = explain_match(routes, "a.test", "/v1x", "GET");
  EXPECT_EQ(answer[0].why, "path \"/v1x\" is not under \"/v1\"");
}

}  // namespace
}  // namespace ravelin::gateway
