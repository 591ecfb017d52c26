#include "gateway/route/sticky.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

std::vector<SplitPart> parts(const std::vector<std::uint32_t>& weights) {
  std::vector<SplitPart> made;
  for (const std::uint32_t weight : weights)
    made.push_back({.pos = {}, .pool = "p", .weight = weight});
  return made;
}

std::vector<int> shares(const std::vector<SplitPart>& split) {
  std::vector<int> count(split.size());
  for (int i = 0; i < 10'000; ++i)
    ++count[sticky_part("client-" + std::to_string(i), split)];
  return count;
}

TEST(StickyPart, FollowsTheWeights) {
  const auto canary = shares(parts({90, 10}));
  EXPECT_NEAR(canary[0], 9'000, 150);
  const auto three = shares(parts({1, 2, 1}));
  EXPECT_NEAR(three[0], 2'500, 200);
  EXPECT_NEAR(three[1], 5'000, 200);
  EXPECT_EQ(shares(parts({0, 1})), (std::vector<int>{0, 10'000}));
  EXPECT_EQ(shares(parts({1, 0})), (std::vector<int>{10'000, 0}));
  EXPECT_EQ(shares(parts({0, 1'000'000, 0})), (std::vector<int>{0, 10'000, 0}));
}

TEST(StickyPart, MovesOnlyTheShareWhoseWeightMoves) {
  for (int i = 0; i < 10'000; ++i) {
    const std::string value = std::to_string(i);
    const std::size_t before = sticky_part(value, parts({90, 10}));
    const std::size_t after = sticky_part(value, parts({80, 20}));
    if (before == 1) EXPECT_EQ(after, 1U) << value;  // nobody goes back
  }
}

// What a client was told yesterday, and by another gateway, holds.
TEST(StickyPart, IsTheSameEverywhere) {
  EXPECT_EQ(sticky_part("alice", parts({50, 50})), sticky_part("alice", parts({5, 5})));
  std::string seen;
  for (const char* value : {"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"})
    seen += std::to_string(sticky_part(value, parts({1, 1})));
  EXPECT_EQ(seen, "01011100");
}

struct CookieCase {
  const char* cookie;
  const char* value;  // null: none
};

TEST(CookieValue, IsTheFirstOfItsName) {
  const CookieCase cases[] = {
      {"session=abc", "abc"},
      {"a=1; session=abc; b=2", "abc"},
      {"session=abc; session=def", "abc"},
      {"xsession=no; session=yes", "yes"},
      {" \tsession=abc\t ;a=1", "abc"},
      {"session=a=b", "a=b"},
      {"session=", ""},
      {"Session=abc", nullptr},
      {"session", nullptr},
      {";;;", nullptr},
      {"", nullptr},
  };
  for (const CookieCase& row : cases) {
    FieldList fields;
    fields.push_back({FieldId::cookie, "Cookie", row.cookie});
    const auto value = cookie_value(fields, "session");
    ASSERT_EQ(value.has_value(), row.value != nullptr) << row.cookie;
    if (value) EXPECT_EQ(*value, row.value) << row.cookie;
  }
}

TEST(StickyValue, IsOfTheHeaderOrTheCookie) {
  FieldList fields;
  fields.push_back({FieldId::unknown, "X-User", "alice"});
  fields.push_back({FieldId::unknown, "X-Empty", ""});
  fields.push_back({FieldId::cookie, "Cookie", "id=7"});
  using By = SplitStickiness::By;
  EXPECT_EQ(sticky_value({By::header, "x-user"}, fields), "alice");
  EXPECT_EQ(sticky_value({By::cookie, "id"}, fields), "7");
  EXPECT_EQ(sticky_value({By::header, "X-Empty"}, fields), std::nullopt);
  EXPECT_EQ(sticky_value({By::header, "X-Other"}, fields), std::nullopt);
  EXPECT_EQ(sticky_value({}, fields), std::nullopt);
}

}  // namespace
}  // namespace ravelin::gateway
