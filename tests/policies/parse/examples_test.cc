// The policies shipped, and the two larger examples the language was designed with, hold.
#include "policies/parse/parse.h"
#include "tests/policies/parse/facts.h"
#include "tests/policies/parse/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace ravelin::policies {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kLibrary = RAVELIN_SOURCE_DIR "/policies/library";
const std::string kExamples = RAVELIN_SOURCE_DIR "/tests/policies/parse/examples/";

struct Loaded {
  ParsedPolicy parsed;
  std::vector<std::string> findings;
};

Loaded load(const std::string& path, const Facts& facts) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  Loaded loaded{load_policy(path, loader, facts, diagnostics, {.library = kLibrary}), {}};
  for (const base::Finding& finding : diagnostics.findings()) {
    std::string text = base::to_string(finding);
    const std::string prefix = std::filesystem::path(path).parent_path().string() + "/";
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
    loaded.findings.push_back(std::move(text));
  }
  return loaded;
}

const Rule* find_rule(const Policy& policy, std::string_view id) {
  for (const RuleList& list : policy.lists) {
    for (const Rule& rule : list.rules)
      if (rule.id == id) return &rule;
  }
  return nullptr;
}

std::size_t count_rules(const Policy& policy) {
  std::size_t count = 0;
  for (const RuleList& list : policy.lists)
    count += list.rules.size();
  return count;
}

TEST(EdgeExample, LoadsWithServicesFromTheLibrary) {
  const Loaded loaded = load(kExamples + "edge/edge.yaml", full_facts());
  EXPECT_THAT(
      loaded.findings,
      ElementsAre("edge.yaml:4:33: warning: include[1]: \"site.d/*.yaml\" matches no file"));
  const Policy& policy = loaded.parsed.policy;
  EXPECT_EQ(policy.name, "edge-web");
  EXPECT_THAT(policy.files,
              ElementsAre(kExamples + "edge/edge.yaml", kLibrary + "/common/services.yaml"));
  EXPECT_THAT(policy.zones, SizeIs(2));
  EXPECT_THAT(policy.feeds, SizeIs(2));
  EXPECT_EQ(count_rules(policy), 11U);
  EXPECT_THAT(policy.tests, SizeIs(8));
  const Rule* web = find_rule(policy, "web");
  ASSERT_NE(web, nullptr);
  EXPECT_EQ(web->per_source.connections, 200U);
  EXPECT_EQ(web->per_source.ban_for, std::chrono::minutes(10));
  EXPECT_EQ(web->services_text, "web");
  EXPECT_EQ(web->pos.line, 32);
}

TEST(OfficeExample, LoadsWithServicesBesideIt) {
  const Loaded loaded = load(kExamples + "office/office.yaml", full_facts());
  EXPECT_THAT(loaded.findings,
              ElementsAre("office.yaml:2:1: warning: what the host sends is not governed: no list "
                          "begins with host"));
  const Policy& policy = loaded.parsed.policy;
  EXPECT_EQ(count_rules(policy), 24U);  // 23 of its own, 1 included
  EXPECT_THAT(policy.tests, SizeIs(7));
  EXPECT_THAT(policy.nat, SizeIs(5));
  const Rule* ntp = find_rule(policy, "common/ntp");
  ASSERT_NE(ntp, nullptr);
  EXPECT_EQ(ntp->from.text, "lan, dmz");
}

// All that is shipped and is a whole policy.
std::vector<std::string> library_policies() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kLibrary)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

TEST(Library, HasWhatIsPromised) {
  EXPECT_THAT(library_policies(),
              ElementsAre("database-host", "quarantine", "small-office-router", "web-gateway"));
}

TEST(Library, LoadsWithoutAFinding) {
  for (const std::string& name : library_policies()) {
    const Loaded loaded = load(kLibrary + "/" + name + ".yaml", full_facts());
    EXPECT_THAT(loaded.findings, IsEmpty()) << name;
    EXPECT_EQ(loaded.parsed.policy.name, name);
    EXPECT_TRUE(loaded.parsed.policy.management) << name;
    const auto& tests = loaded.parsed.policy.tests;
    for (const auto kind :
         {PolicyTest::Kind::packet, PolicyTest::Kind::never, PolicyTest::Kind::always}) {
      EXPECT_TRUE(std::ranges::any_of(tests, [&](const auto& test) { return test.kind == kind; }))
          << name;
    }
  }
}

// Not every host knows a user or a prefix of those the library names: then it is only warned.
TEST(Library, LoadsWithoutAnyFact) {
  for (const std::string& name : library_policies()) {
    for (const std::string& finding : load(kLibrary + "/" + name + ".yaml", {}).findings)
      EXPECT_NE(finding.find(": warning: "), std::string::npos) << finding;
  }
}

}  // namespace
}  // namespace ravelin::policies
