#include "gateway/route/field_changes.h"

#include "gateway/config/field_names.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ravelin::gateway {
namespace {

Template made(std::string_view text) {
  return *parse_template(text, TemplateUse::field);
}

TemplateValues example_values() {
  TemplateValues values;
  values[Variable::host] = "a.test";
  values[Variable::path] = "/v1";
  values[Variable::query] = "?x=1";
  return values;
}

TEST(FieldChanges, DropWhatTheyRemoveOrSet) {
  FieldRules rules;
  rules.remove = {"Server", "X-Debug"};
  rules.set = {{"Cache-Control", made("no-store")}, {"X-Frame-Options", made("DENY")}};
  rules.add = {{"Vary", made("Origin")}};
  const FieldChanges changes(rules);
  const auto drops = [&](std::string_view name) {
    return changes.drops({find_field(name), name, "v"});
  };
  for (const char* name : {"Server", "server", "x-debug", "cache-CONTROL", "X-Frame-Options"})
    EXPECT_TRUE(drops(name)) << name;
  for (const char* name : {"Vary", "X-Debug2", "Via", "Set-Cookie"})
    EXPECT_FALSE(drops(name)) << name;
}

TEST(FieldChanges, WriteWhatTheySetAndAdd) {
  FieldRules rules;
  rules.set = {{"X-From", made("https://{host}{path}{query}")}, {"X-User", made("{user}")}};
  rules.add = {{"X-From", made("{{literal}}")}};
  const FieldChanges changes(rules);
  const TemplateValues values = example_values();
  std::array<char, 256> room;
  http1::ByteWriter out(room);
  changes.write(out, values);
  EXPECT_EQ(out.view(), "X-From: https://a.test/v1?x=1\r\nX-User: \r\nX-From: {literal}\r\n");
  EXPECT_EQ(changes.bytes(values), out.size());
}

TEST(FieldChanges, WithoutRulesAreEmpty) {
  EXPECT_TRUE(FieldChanges(FieldRules()).empty());
  FieldRules rules;
  rules.remove = {"Server"};
  EXPECT_FALSE(FieldChanges(rules).empty());
  rules = {};
  rules.add = {{"X-A", made("1")}};
  EXPECT_FALSE(FieldChanges(rules).empty());
}

struct NameCase {
  const char* name;
  bool in_request;
  bool in_response;
};

TEST(RuledField, IsNeitherFramingNorForwardingNorTheConnections) {
  const NameCase cases[] = {
      {"X-Frame-Options", true, true},
      {"Cookie", true, true},
      {"Authorization", true, true},
      {"Server", true, true},
      {"Location", true, true},
      {"X_Underscore", true, true},
      {"Connection", false, false},
      {"keep-alive", false, false},
      {"TE", false, false},
      {"Upgrade", false, false},
      {"HTTP2-Settings", false, false},
      {"Transfer-Encoding", false, false},
      {"Content-Length", false, false},
      {"Trailer", false, false},
      {"Expect", false, false},
      {"Host", false, true},
      {"Forwarded", false, true},
      {"x-forwarded-FOR", false, true},
      {"X-Forwarded-Proto", false, true},
      {"X-Real-IP", false, true},
      {"X-Request-Id", false, true},
      {"Via", false, false},
      {"Date", true, false},
      {"Proxy-Status", true, false},
      {"Strict-Transport-Security", true, false},
      {"a b", false, false},
      {"", false, false},
      {"a:", false, false},
      {"a\r\nb", false, false},
  };
  for (const NameCase& row : cases) {
    EXPECT_EQ(parse_request_field(row.name).has_value(), row.in_request) << row.name;
    EXPECT_EQ(parse_response_field(row.name).has_value(), row.in_response) << row.name;
  }
}

}  // namespace
}  // namespace ravelin::gateway
