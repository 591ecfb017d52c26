#include "firewall/control/addition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPolicy =
    "policy: v1\n"
    "name: edge\n"
    "zones:\n"
    "  wan: { interfaces: [wan0] }\n"
    "rules:\n"
    "  wan -> host:\n"
    "    - { allow: tcp/22, id: ssh }\n";
constexpr std::string_view kAddition =
    "rules:\n"
    "  any -> host:\n"
    "    - { allow: tcp/443, id: listener-web-443, note: \"ravelin.yaml:12\" }\n"
    "  host -> any:\n"
    "    - { deny: any, owner: { user: gateway }, id: gateway-egress }\n";

// Knows one user, and nothing else.
struct OneUser final : FactFinder {
  policies::Facts find(const policies::ParsedPolicy& policy) override {
    asked = !policy.policy.lists.empty();
    policies::Facts facts;
    facts.users["gateway"] = 998;
    return facts;
  }

  bool asked = false;
};

PolicyBundle bundle_of(const std::string& path) {
  PolicyBundle bundle;
  bundle.path = path;
  bundle.directory = "/";
  bundle.files[path] = {path, std::string(kPolicy)};
  return bundle;
}

AdditionFor always(Addition addition) {
  return [addition = std::move(addition)](const policies::Policy&) { return addition; };
}

std::vector<std::string> ids_of(const policies::Policy& policy) {
  std::vector<std::string> ids;
  for (const policies::RuleList& list : policy.lists)
    for (const policies::Rule& rule : list.rules)
      ids.push_back(rule.id);
  return ids;
}

TEST(Addition, IsPartOfThePolicyWithTheFactsItAsksFor) {
  for (const char* path : {"/etc/ravelin/policy.yaml", "policy.yaml", "/a \"b\"/c \\d.yaml"}) {
    PolicyBundle bundle = bundle_of(path);
    OneUser facts;
    add_to(bundle, always({std::string(kAddition)}), facts);
    EXPECT_TRUE(facts.asked) << path;
    const auto policy = policy_of(bundle);
    ASSERT_TRUE(policy) << path << ": " << policy.error().message;
    EXPECT_THAT(ids_of(*policy),
                ::testing::UnorderedElementsAre("ssh", "listener-web-443", "gateway-egress"))
        << path;
    EXPECT_EQ(policy->name, "edge");
  }
}

TEST(Addition, IsTakenOutAgain) {
  for (const char* path : {"/etc/ravelin/policy.yaml", "policy.yaml"}) {
    PolicyBundle bundle = bundle_of(path);
    const PolicyBundle before = bundle;
    OneUser facts;
    add_to(bundle, always({std::string(kAddition)}), facts);
    EXPECT_EQ(own_hash(bundle), own_hash(before));
    const PolicyBundle own = own_part(bundle);
    EXPECT_EQ(own.path, path);
    EXPECT_EQ(own.files.size(), 1U);
    EXPECT_EQ(own.facts.users.at("gateway"), 998U);
    EXPECT_EQ(own_part(own).path, path) << "there is nothing more to take out";
  }
  PolicyBundle named_so = bundle_of("/etc/policy.yaml.whole");
  EXPECT_EQ(own_part(named_so).path, "/etc/policy.yaml.whole");
  PolicyBundle other = bundle_of("/etc/policy.yaml");
  other.files[other.path].text += "# another text\n";
  EXPECT_NE(own_hash(other), own_hash(bundle_of("/etc/policy.yaml")));
}

TEST(Addition, OfNothingLeavesTheBundleAsItIs) {
  PolicyBundle bundle = bundle_of("/etc/policy.yaml");
  const std::string before = format_bundle(bundle);
  OneUser facts;
  add_to(bundle, {}, facts);
  add_to(bundle, always({}), facts);
  EXPECT_EQ(format_bundle(bundle), before);
  EXPECT_FALSE(facts.asked);
}

TEST(Addition, WhatIsWrongNamesItsFile) {
  OneUser facts;
  PolicyBundle bundle = bundle_of("/etc/policy.yaml");
  add_to(bundle, always({"rules:\n  any -> host:\n    - { allow: tcp/22, id: ssh }\n"}), facts);
  const auto policy = policy_of(bundle);
  ASSERT_FALSE(policy);
  EXPECT_THAT(policy.error().message, HasSubstr("/etc/policy.yaml.derived:3:"));
}

TEST(Addition, OfWhatThePolicyIncludesItselfIsNone) {
  OneUser facts;
  PolicyBundle bundle = bundle_of("/etc/policy.yaml");
  const std::string before = format_bundle(bundle);
  add_to(bundle, always({std::string(kAddition), {"listener-web-443", "ssh"}}), facts);
  EXPECT_EQ(format_bundle(bundle), before);
  add_to(bundle, always({std::string(kAddition), {"listener-web-443", "gateway-egress"}}), facts);
  EXPECT_NE(format_bundle(bundle), before);
}

TEST(Addition, IsMadeForThePolicyItIsAddedTo) {
  OneUser facts;
  PolicyBundle bundle = bundle_of("/etc/policy.yaml");
  std::string name;
  add_to(
      bundle,
      [&name](const policies::Policy& policy) {
        name = policy.name;
        return Addition();
      },
      facts);
  EXPECT_EQ(name, "edge");
}

TEST(Addition, SurvivesTheDisk) {
  OneUser facts;
  PolicyBundle bundle = bundle_of("/etc/policy.yaml");
  add_to(bundle, always({std::string(kAddition)}), facts);
  const auto again = parse_bundle(format_bundle(bundle));
  ASSERT_TRUE(again);
  EXPECT_EQ(*policy_of(*again), *policy_of(bundle));
}

}  // namespace
}  // namespace ravelin::firewall
