// What the kernel keeps with a rule, of the longest names a policy may have.
#include "firewall/compile/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::firewall {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::size_t kKernelMax = 127;

policies::Policy longest(const std::string& file) {
  policies::Policy policy;
  policy.zones = {{.name = std::string(64, 'w'), .interfaces = {"eth0"}},
                  {.name = std::string(64, 'l'), .interfaces = {"eth1"}}};
  policies::Rule rule;
  rule.verb = policies::Verb::allow;
  rule.id = std::string(64, 'i');
  rule.pos = {file, 1234, 5};
  rule.log = policies::LogRule{.prefix = std::string(64, 'p')};
  policy.lists = {{.from = {0}, .to = {1}, .rules = {rule}}};
  return policy;
}

std::vector<std::string> log_prefixes(const Ruleset& ruleset) {
  std::vector<std::string> found;
  for (const Chain& chain : ruleset.chains) {
    for (const Rule& rule : chain.rules) {
      for (const Statement& statement : rule.statements) {
        if (const auto* log = std::get_if<Log>(&statement)) found.push_back(log->prefix);
      }
    }
  }
  return found;
}

TEST(Provenance, FitsTheKernelWhateverTheNames) {
  for (const std::string& file : {std::string(80, 'f') + ".yaml", std::string(255, 'f')}) {
    const Ruleset ruleset = compile(longest("/etc/ravelin/" + file), {}).ruleset;
    const std::vector<std::string> prefixes = log_prefixes(ruleset);
    ASSERT_EQ(prefixes.size(), 1);
    EXPECT_THAT(prefixes[0], SizeIs(kKernelMax));
    EXPECT_THAT(prefixes[0], StartsWith("fff"));
    EXPECT_THAT(prefixes[0], EndsWith(":1234 " + std::string(64, 'p') + ": "));
    std::size_t of_line = 0;
    for (const Chain& chain : ruleset.chains) {
      for (const Rule& rule : chain.rules) {
        EXPECT_LE(rule.comment.size(), kKernelMax) << rule.comment;
        if (rule.pos.line != 1234) continue;
        EXPECT_THAT(rule.comment, HasSubstr(":1234 "));
        ++of_line;
      }
    }
    EXPECT_GE(of_line, 2);
  }
}

TEST(Provenance, CutsNoCharacterInTwo) {
  std::string file;
  for (int i = 0; i < 60; ++i)
    file += "\u00e4\u20ac";
  for (int shift = 0; shift < 5; ++shift) {
    const auto prefixes =
        log_prefixes(compile(longest(std::string(shift, 'x') + file), {}).ruleset);
    const std::string kept = prefixes.at(0).substr(0, prefixes[0].find(':'));
    EXPECT_THAT(kept, testing::AnyOf(EndsWith("\u00e4"), EndsWith("\u20ac")));
  }
}

}  // namespace
}  // namespace ravelin::firewall
