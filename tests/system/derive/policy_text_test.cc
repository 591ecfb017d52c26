#include "system/derive/policy_text.h"

#include "base/io/yaml.h"
#include "tests/base/io/table_loader.h"

#include <gtest/gtest.h>

#include <vector>

namespace ravelin::system {
namespace {

TEST(PolicyText, QuotesWhatYamlWouldCut) {
  struct Case {
    const char* text;
    const char* written;
  };

  const Case cases[] = {
      {"tcp/443", "tcp/443"},
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"fd00::1", "\"fd00::1\""},
      {"::/0", "\"::/0\""},
      {"", "\"\""},
      {"a b", "\"a b\""},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"a\nb", R"("a\x0ab")"},
      {"-x", "\"-x\""},
      {"a, b", "\"a, b\""},
  };
  for (const Case& each : cases)
    EXPECT_EQ(each.written, yaml_text(each.text));
}

TEST(PolicyText, ALoneTextIsNoList) {
  EXPECT_EQ("a", yaml_list(std::vector<std::string>{"a"}));
  EXPECT_EQ("[a, \"b c\"]", yaml_list(std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ("[]", yaml_list({}));
}

TEST(PolicyText, WritesEveryPartOfARule) {
  const DerivedRule rule{.verb = DerivedVerb::deny,
                         .id = "x",
                         .service = {"udp/53", "tcp/53"},
                         .from = {"10.0.0.1"},
                         .to = {"fd00::1"},
                         .user = "www data",
                         .connections = 5,
                         .new_connections = "1/s burst 2",
                         .is_logged = true,
                         .note = "r.yaml:1: pool a"};
  EXPECT_EQ(
      "    - { deny: [udp/53, tcp/53], from: 10.0.0.1, to: \"fd00::1\", owner: { user: \"www "
      "data\" }, "
      "per_source: { connections: 5, new: 1/s burst 2, over: deny }, log: { prefix: x, rate: 1/s "
      "}, "
      "id: x, note: \"r.yaml:1: pool a\" }\n",
      rule_lines(std::vector{rule}));
  EXPECT_EQ("    - { allow: any, id: y, note: n }\n",
            rule_lines(std::vector{DerivedRule{.id = "y", .note = "n"}}));
}

}  // namespace
}  // namespace ravelin::system
