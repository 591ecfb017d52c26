#include "gateway/route/rewrite.h"

#include "gateway/route/path.h"

#include <gtest/gtest.h>

#include <array>

namespace ravelin::gateway {
namespace {

using Kind = RewriteRule::Kind;

struct Case {
  const char* name;
  const char* match;
  RewriteRule rule;
  const char* path;
  const char* sent;
};

const Case kCases[] = {
    {"Below", "/v1", {Kind::prefix, "/new"}, "/v1/a/b", "/new/a/b"},
    {"TheMatchedPathItself", "/v1", {Kind::prefix, "/new"}, "/v1", "/new"},
    {"ItsSlashStays", "/v1", {Kind::prefix, "/new"}, "/v1/", "/new/"},
    {"MatchWithSlash", "/v1/", {Kind::prefix, "/new"}, "/v1/a", "/new/a"},
    {"BothWithSlash", "/v1/", {Kind::prefix, "/new/"}, "/v1/a", "/new/a"},
    {"NewWithSlash", "/v1", {Kind::prefix, "/new/"}, "/v1/a", "/new/a"},
    {"NewWithSlashAlone", "/v1", {Kind::prefix, "/new/"}, "/v1", "/new/"},
    {"Strip", "/v1", {Kind::prefix, "/"}, "/v1/a", "/a"},
    {"StripAll", "/v1", {Kind::prefix, "/"}, "/v1", "/"},
    {"StripToSlash", "/v1", {Kind::prefix, "/"}, "/v1/", "/"},
    {"AnyPath", "", {Kind::prefix, "/new"}, "/a", "/new/a"},
    {"RootPath", "/", {Kind::prefix, "/new"}, "/", "/new/"},
    {"Longer", "/a", {Kind::prefix, "/b/c/d"}, "/a/x", "/b/c/d/x"},
    {"EscapesStay", "/v1", {Kind::prefix, "/new"}, "/v1/a%2Fb", "/new/a%2Fb"},
    {"WholePath", "/v1", {Kind::path, "/index.html"}, "/v1/a/b", "/index.html"},
};

TEST(Rewrite, ReplacesThePrefixOrThePathAndStaysCanonical) {
  for (const Case& row : kCases) {
    RouteMatch match;
    match.path = row.match;
    std::array<char, 64> scratch;
    const auto sent = rewrite_path(row.rule, match, row.path, scratch);
    ASSERT_TRUE(sent) << row.name;
    EXPECT_EQ(*sent, row.sent) << row.name;
    std::array<char, 256> room;
    EXPECT_EQ(canonical_path(*sent, room).path, *sent) << row.name;
  }
}

TEST(Rewrite, NeedsRoom) {
  RouteMatch match;
  match.path = "/v1";
  std::array<char, 5> scratch;
  EXPECT_TRUE(rewrite_path({Kind::prefix, "/n"}, match, "/v1/ab", scratch));
  EXPECT_FALSE(rewrite_path({Kind::prefix, "/n"}, match, "/v1/abc", scratch));
}

}  // namespace
}  // namespace ravelin::gateway
