// What overlays make of the rules they name, and how includes come together.
#include "tests/policies/parse/facts.h"
#include "tests/policies/parse/policy_text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kBase =
    "rules:\n"
    "  wan -> host:\n"
    "    - { allow: ssh, from: 10.0.0.1, id: one, limit: 5/s }\n"
    "    - { allow: http, id: two }\n"
    "nat:\n"
    "  - { masquerade: wan, id: out }\n";

Checked check(const std::string& overrides) {
  return check_files({{"/p/main.yaml", around("include: base.yaml\noverride:\n" + overrides)},
                      {"/p/base.yaml", kBase}});
}

// "allow ssh from 10.0.0.1" for each rule of the list.
std::vector<std::string> shown(const Checked& checked) {
  EXPECT_THAT(checked.findings, IsEmpty());
  std::vector<std::string> rules;
  rules.reserve(checked.policy().lists.at(1).rules.size());
  for (const Rule& rule : checked.policy().lists.at(1).rules) {
    rules.push_back(fmt::format("{} {} {}{}", rule.verb == Verb::allow ? "allow" : "deny",
                                rule.services_text, rule.from.text, rule.limit ? " limit" : ""));
  }
  return rules;
}

TEST(Override, ChangesKeysOfARule) {
  EXPECT_THAT(shown(check("  - { id: one, from: [lan, 10.0.0.2], note: n }\n")),
              ElementsAre("allow ssh lan, 10.0.0.2 limit", "allow http "));
}

TEST(Override, TakesAKeyAway) {
  EXPECT_THAT(shown(check("  - { id: one, from: ~, limit: }\n")),
              ElementsAre("allow ssh ", "allow http "));
}

TEST(Override, ReplacesTheVerdict) {
  EXPECT_THAT(shown(check("  - { id: one, deny: any }\n")),
              ElementsAre("deny any 10.0.0.1 limit", "allow http "));
}

TEST(Override, RemovesARule) {
  EXPECT_THAT(shown(check("  - { id: one, remove: true }\n")), ElementsAre("allow http "));
}

TEST(Override, InsertsRulesBeforeOne) {
  EXPECT_THAT(shown(check("  - { id: two, insert_before: [{ deny: dns }, { deny: ntp, id: n }] }\n"
                          "  - { id: n, insert_before: [{ deny: smb }] }\n")),
              ElementsAre("allow ssh 10.0.0.1 limit", "deny dns ", "deny smb ", "deny ntp ",
                          "allow http "));
}

TEST(Override, ReplacesARuleByOthers) {
  EXPECT_THAT(shown(check("  - { id: one, remove: true, insert_before: [{ deny: dns }] }\n")),
              ElementsAre("deny dns ", "allow http "));
}

TEST(Override, ChangesNatEntries) {
  const Checked checked = check("  - { id: out, family: ipv4 }\n");
  EXPECT_THAT(checked.findings, IsEmpty());
  EXPECT_FALSE(checked.policy().nat.at(0).ipv6);
}

TEST(Override, IsCheckedLikeTheRuleItself) {
  EXPECT_THAT(check("  - { id: one, form: lan }\n").findings,
              ElementsAre("10:16: rules.\"wan -> host\"[0]: unknown key \"form\" (did you mean "
                          "\"from\"?)"));
}

TEST(Override, MayNotEndInARuleBeforeItself) {
  EXPECT_THAT(check("  - { id: one, insert_before: [{ deny: dns, id: one }] }\n").findings,
              ElementsAre("/p/base.yaml:3:41: rules.\"wan -> host\"[1].id: id \"one\" is already "
                          "used at /p/main.yaml:10:49"));
}

TEST(Includes, MergeInReadingOrder) {
  const Checked checked = check_files({
      {"/p/main.yaml", around("include: [a.yaml, lib.yaml]\naddresses: { both: [10.0.0.1] }\n")},
      {"/p/a.yaml", "addresses: { both: [10.0.0.2] }\nrules: { host -> any: [{ deny: smtp }] }\n"},
      {"/lib/lib.yaml", "services: { lib: tcp/1 }\nrules: { lan -> host: [{ allow: lib }] }\n"},
  });
  EXPECT_THAT(checked.findings, IsEmpty());
  EXPECT_THAT(checked.policy().files, ElementsAre("/p/main.yaml", "/p/a.yaml", "/lib/lib.yaml"));
  ASSERT_EQ(checked.policy().lists.size(), 2U);
  EXPECT_EQ(checked.policy().lists[0].rules.at(1).services_text, "smtp");
  EXPECT_EQ(checked.policy().lists[0].rules.at(1).pos.file, "/p/a.yaml");
}

// One file deeper than `files`, each including the next.
std::map<std::string, std::string> chain(int files) {
  std::map<std::string, std::string> all{{"/p/main.yaml", around("include: 1.yaml\n")}};
  for (int i = 1; i <= files; ++i)
    all[fmt::format("/p/{}.yaml", i)] = fmt::format("include: {}.yaml\n", i + 1);
  all[fmt::format("/p/{}.yaml", files)] = "icmp: strict\n";
  return all;
}

TEST(Includes, NestTenFilesDeep) {
  const Checked ten = check_files(chain(10));
  EXPECT_THAT(ten.findings, IsEmpty());
  EXPECT_TRUE(ten.policy().is_icmp_strict);
  EXPECT_THAT(check_files(chain(11)).findings,
              ElementsAre("/p/10.yaml:1:10: include: includes are nested deeper than 10 files"));
}

TEST(Includes, EndWhereTheyBegan) {
  EXPECT_THAT(check_files({{"/p/main.yaml", around("include: a.yaml\n")},
                           {"/p/a.yaml", "include: main.yaml\n"}})
                  .findings,
              ElementsAre("/p/a.yaml:1:10: include: /p/main.yaml includes itself"));
}

TEST(Bombs, AreRefusedBeforeTheyGrow) {
  EXPECT_THAT(check_text("policy: v1\na: &a [x, x]\nb: [*a, *a]\n").findings,
              ElementsAre(HasSubstr("anchors and aliases")));
  std::string deep = "policy: v1\nzones: ";
  for (int i = 0; i < 1000; ++i)
    deep += "[";
  EXPECT_EQ(check_text(deep).findings.size(), 1U);
}

// Each group names the one before twice: the addresses stay as many as there are.
TEST(Bombs, GroupsOfGroupsDoNotMultiply) {
  std::string groups = "addresses:\n  g0: [10.0.0.1, 10.0.0.3]\n";
  for (int i = 1; i < 30; ++i)
    groups += fmt::format("  g{}: [g{}, g{}, 10.0.{}.1]\n", i, i - 1, i - 1, i);
  const Checked checked =
      check_text(around("  wan -> host: [{ deny: any, from: g29 }]\n" + groups));
  EXPECT_THAT(checked.findings, IsEmpty());
  EXPECT_EQ(checked.policy().lists.at(1).rules.at(0).from.ranges.size(), 31U);
}

TEST(Bombs, NestingOfGroupsAndServicesEnds) {
  std::string text = "addresses:\n  a0: 10.0.0.1\n";
  for (int i = 1; i < 40; ++i)
    text += fmt::format("  a{}: a{}\n", i, i - 1);
  text += "services:\n  s99: tcp/1\n";
  for (int i = 98; i > 50; --i)
    text += fmt::format("  s{}: s{}\n", i, i + 1);
  const Checked shallow = check_text(around(text));
  EXPECT_THAT(shallow.findings, IsEmpty());  // defined in order: never more than one deep
  std::string backwards = "addresses:\n";
  for (int i = 40; i > 0; --i)
    backwards += fmt::format("  a{}: a{}\n", i, i - 1);
  backwards += "  a0: 10.0.0.1\n";
  EXPECT_THAT(check_text(around(backwards)).findings,
              ElementsAre("40:7: addresses.a9: groups are nested deeper than 32"));
}

TEST(Bombs, AllRulesTogetherHaveALimit) {
  std::string text = "  wan -> host:\n";
  for (int i = 0; i < 600; ++i)
    text += "    - { deny: any, from: many }\n";
  text += "addresses:\n  many:\n";
  for (int i = 0; i < 10'000; ++i)
    text += fmt::format("    - 10.{}.{}.1\n", i / 250, i % 250);
  EXPECT_THAT(check_text(around(text)).findings,
              ElementsAre("407:26: rules.\"wan -> host\"[398].from: all groups and rules together "
                          "name more than 4000000 ranges of addresses; put long lists into feeds"));
}

TEST(Bombs, ErrorsEndAtALimit) {
  std::string text = "  wan -> host:\n";
  for (int i = 0; i < 5'000; ++i)
    text += "    - { alow: shh, from: nowhere, limit: x, unknown: y }\n";
  const Checked checked = check_text(around(text));
  EXPECT_EQ(checked.findings.size(), 201U);
  EXPECT_THAT(checked.findings.back(), HasSubstr("too many errors"));
}

}  // namespace
}  // namespace ravelin::policies
