#include "gateway/route/conditions.h"

#include "gateway/config/field_names.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::gateway {
namespace {

using Must = ValueTest;

using Lines = std::vector<std::pair<std::string_view, std::string_view>>;

void fill(FieldList& fields, const Lines& lines) {
  for (const auto& [name, value] : lines)
    fields.push_back({find_field(name), name, value});
}

ValueCondition condition(std::string name, Must test, std::string value = "") {
  return {.pos = {}, .name = std::move(name), .test = test, .value = std::move(value)};
}

struct FieldCase {
  const char* name;
  ValueCondition condition;
  Lines lines;
  bool holds;
};

TEST(FieldCondition, SeesTheWholeValue) {
  const FieldCase cases[] = {
      {"Exact", condition("X-Canary", Must::exact, "1"), {{"X-Canary", "1"}}, true},
      {"NameInAnyCase", condition("X-Canary", Must::exact, "1"), {{"x-CANARY", "1"}}, true},
      {"ValueInItsCase", condition("X-Canary", Must::exact, "a"), {{"X-Canary", "A"}}, false},
      {"Longer", condition("X-Canary", Must::exact, "1"), {{"X-Canary", "11"}}, false},
      {"Shorter", condition("X-Canary", Must::exact, "11"), {{"X-Canary", "1"}}, false},
      {"Missing", condition("X-Canary", Must::exact, "1"), {{"X-Other", "1"}}, false},
      {"KnownName", condition("Accept", Must::exact, "*/*"), {{"accept", "*/*"}}, true},
      {"TwoLinesAreOneValue",
       condition("X-A", Must::exact, "1"),
       {{"X-A", "1"}, {"X-A", "2"}},
       false},
      {"TwoLinesJoined",
       condition("X-A", Must::exact, "1, 2"),
       {{"X-A", "1"}, {"X-B", "9"}, {"x-a", "2"}},
       true},
      {"JoinIsNotGuessed",
       condition("X-A", Must::exact, "1,2"),
       {{"X-A", "1"}, {"X-A", "2"}},
       false},
      {"Prefix", condition("User-Agent", Must::prefix, "curl/"), {{"User-Agent", "curl/8"}}, true},
      {"PrefixOfAll",
       condition("User-Agent", Must::prefix, "curl"),
       {{"User-Agent", "curl"}},
       true},
      {"PrefixDiffers",
       condition("User-Agent", Must::prefix, "curl"),
       {{"User-Agent", "cur"}},
       false},
      {"PrefixOverTwoLines",
       condition("X-A", Must::prefix, "1, 2"),
       {{"X-A", "1"}, {"X-A", "23"}},
       true},
      {"Present", condition("X-A", Must::present), {{"x-a", ""}}, true},
      {"NotPresent", condition("X-A", Must::present), {}, false},
      {"Absent", condition("X-A", Must::absent), {{"X-B", ""}}, true},
      {"NotAbsent", condition("Accept", Must::absent), {{"Accept", ""}}, false},
      {"AbsentOfNothing", condition("Accept", Must::absent), {}, true},
  };
  for (const FieldCase& row : cases) {
    FieldList fields;
    fill(fields, row.lines);
    EXPECT_EQ(field_holds(row.condition, find_field(row.condition.name), fields), row.holds)
        << row.name;
  }
}

struct QueryCase {
  const char* name;
  ValueCondition condition;
  const char* query;
  bool holds;
};

TEST(QueryCondition, ComparesDecodedAndTheFirst) {
  const QueryCase cases[] = {
      {"Exact", condition("v", Must::exact, "2"), "a=1&v=2", true},
      {"NameInItsCase", condition("v", Must::exact, "2"), "V=2", false},
      {"PartOfAName", condition("v", Must::exact, "2"), "xv=2&vx=2", false},
      {"FirstCounts", condition("v", Must::exact, "2"), "v=1&v=2", false},
      {"FirstCountsToo", condition("v", Must::exact, "1"), "v=1&v=2", true},
      {"EscapedValue", condition("v", Must::exact, "a b"), "v=a%20b", true},
      {"PlusIsASpace", condition("v", Must::exact, "a b"), "v=a+b", true},
      {"EscapedPlus", condition("v", Must::exact, "a+b"), "v=a%2Bb", true},
      {"EscapedName", condition("v", Must::exact, "2"), "%76=2", true},
      {"EscapedSeparator", condition("v", Must::exact, "2&w=3"), "v=2%26w=3", true},
      {"BadEscapeIsItself", condition("v", Must::exact, "%zz"), "v=%zz", true},
      {"CutEscapeIsItself", condition("v", Must::exact, "%4"), "v=%4", true},
      {"EqualsInValue", condition("v", Must::exact, "a=b"), "v=a=b", true},
      {"WithoutEquals", condition("debug", Must::present), "debug", true},
      {"WithoutEqualsIsEmpty", condition("debug", Must::prefix, "x"), "debug", false},
      {"EmptyPieces", condition("v", Must::present), "&&=&v", true},
      {"Prefix", condition("v", Must::prefix, "2."), "v=2.1", true},
      {"Missing", condition("v", Must::present), "", false},
      {"Absent", condition("v", Must::absent), "w=1", true},
      {"NotAbsent", condition("v", Must::absent), "v", false},
  };
  for (const QueryCase& row : cases)
    EXPECT_EQ(parameter_holds(row.condition, row.query), row.holds) << row.name;
}

base::IpPrefix prefix(std::string_view text) {
  return *base::parse_prefix(text);
}

TEST(Conditions, AllMustHold) {
  RouteMatch match;
  match.headers = {condition("X-A", Must::exact, "1"), condition("X-B", Must::absent)};
  match.query = {condition("v", Must::exact, "2")};
  match.from = {prefix("10.0.0.0/8"), prefix("2001:db8::/32")};
  const Conditions conditions(match);
  const auto asked = [&](const Lines& lines, std::string_view query, std::string_view client) {
    FieldList fields;
    fill(fields, lines);
    const auto address = base::parse_ip(client);
    return conditions.hold({&fields, query, address ? &*address : nullptr});
  };
  EXPECT_TRUE(asked({{"X-A", "1"}}, "v=2", "10.1.2.3"));
  EXPECT_TRUE(asked({{"X-A", "1"}}, "v=2", "2001:db8::7"));
  EXPECT_FALSE(asked({{"X-A", "1"}}, "v=2", "11.1.2.3"));
  EXPECT_FALSE(asked({{"X-A", "1"}}, "v=2", ""));
  EXPECT_FALSE(asked({{"X-A", "1"}}, "v=3", "10.1.2.3"));
  EXPECT_FALSE(asked({{"X-A", "1"}, {"X-B", ""}}, "v=2", "10.1.2.3"));
  EXPECT_FALSE(asked({}, "v=2", "10.1.2.3"));
}

TEST(RouteClients, DenyWinsOverAllow) {
  RouteConfig route;
  const base::IpAddress inside = *base::parse_ip("10.0.0.1");
  const base::IpAddress denied = *base::parse_ip("10.9.0.1");
  const base::IpAddress outside = *base::parse_ip("192.0.2.1");
  EXPECT_TRUE(admits_client(route, outside));
  route.deny = {prefix("10.9.0.0/16")};
  EXPECT_FALSE(admits_client(route, denied));
  EXPECT_TRUE(admits_client(route, outside));
  route.allow = {prefix("10.0.0.0/8")};
  EXPECT_TRUE(admits_client(route, inside));
  EXPECT_FALSE(admits_client(route, denied));
  EXPECT_FALSE(admits_client(route, outside));
}

// The list of names in gateway/config is the one of gateway/http.
TEST(MatchedField, IsNoneOfTheConnections) {
  for (std::size_t i = 1; i < kFieldIdCount; ++i) {
    const auto id = static_cast<FieldId>(i);
    const bool is_framing = id == FieldId::host || id == FieldId::content_length;
    EXPECT_EQ(check_matched_field(to_string(id)).has_value(), !is_hop_by_hop(id) && !is_framing)
        << to_string(id);
  }
  EXPECT_FALSE(check_matched_field("X_Canary"));
  EXPECT_FALSE(check_matched_field("X Canary"));
  EXPECT_TRUE(check_matched_field("X-Canary"));
}

}  // namespace
}  // namespace ravelin::gateway
