#include "system/derive/derive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::system {
namespace {

using ::testing::ElementsAre;

DerivedRule opens(std::string id, std::string service, std::string note = "ravelin.yaml:1") {
  return {.id = std::move(id), .service = {std::move(service)}, .note = std::move(note)};
}

DerivedRule ends(std::string_view id, DerivedVerb verb) {
  return {.verb = verb, .id = std::string(id)};
}

std::vector<std::string> merged_ids(const std::vector<DerivedRule>& rules) {
  std::vector<std::string> ids;
  ids.reserve(rules.size());
  for (const DerivedRule& rule : rules)
    ids.push_back(rule.id);
  return ids;
}

TEST(Merged, OpensWhatEitherOpens) {
  const DerivedRules now{.to_host = {opens("web", "tcp/443"), opens("plain", "tcp/80")}};
  const DerivedRules next{.to_host = {opens("extra", "tcp/8443"), opens("web", "tcp/443")}};
  EXPECT_THAT(merged_ids(merged(now, next).to_host), ElementsAre("web", "plain", "extra"));
}

TEST(Merged, TheSameRuleOnAnotherLineIsTheSame) {
  const DerivedRules now{.to_host = {opens("web", "tcp/443", "ravelin.yaml:5")}};
  const DerivedRules next{.to_host = {opens("web", "tcp/443", "ravelin.yaml:9")}};
  EXPECT_EQ(merged(now, next).to_host, now.to_host);
}

TEST(Merged, WhatSaysSomethingElseHasAnotherId) {
  const DerivedRules now{.to_host = {opens("web", "tcp/443"), opens("web-next", "tcp/1")}};
  const DerivedRules next{.to_host = {opens("web", "tcp/444")}};
  const DerivedRules both = merged(now, next);
  EXPECT_THAT(merged_ids(both.to_host), ElementsAre("web", "web-next", "web-next-2"));
  EXPECT_THAT(both.to_host.back().service, ElementsAre("tcp/444"));
}

TEST(Merged, TheEndOfWhatIsSentStaysTheEnd) {
  const DerivedRule deny = ends(kEgressRule, DerivedVerb::deny);
  const DerivedRule others = ends(kOthersRule, DerivedVerb::allow);
  const DerivedRules now{.from_host = {opens("pool-a", "tcp/1"), deny, others}};
  const DerivedRules next{.from_host = {opens("pool-b", "tcp/2"), deny, others}};
  EXPECT_THAT(merged_ids(merged(now, next).from_host),
              ElementsAre("pool-a", "pool-b", kEgressRule, kOthersRule));
  // One of them says nothing about it.
  EXPECT_THAT(merged_ids(merged(now, {}).from_host),
              ElementsAre("pool-a", kEgressRule, kOthersRule));
  EXPECT_THAT(merged_ids(merged({}, next).from_host),
              ElementsAre("pool-b", kEgressRule, kOthersRule));
}

policies::Policy policy_with(std::string id, std::vector<policies::ZoneId> from) {
  policies::Policy policy;
  policies::RuleList& list = policy.lists.emplace_back();
  list.from = std::move(from);
  list.rules.emplace_back().id = std::move(id);
  return policy;
}

TEST(PolicyOfAHost, GovernsWhatItSendsWhereItSaysSoItself) {
  const auto governs = [](const policies::Policy& policy) {
    return options_for(policy).governs_egress;
  };
  EXPECT_TRUE(governs(policy_with("out", {policies::kHost})));
  EXPECT_FALSE(governs(policy_with("in", {})));
  EXPECT_FALSE(governs(policy_with(std::string(kEgressRule), {policies::kHost})));
}

TEST(PolicyOfAHost, HasAQuarantineAndAnOverloadOfItsOwnUnlessTheyWereDerived) {
  for (const std::string& id : {std::string(kEgressRule), std::string("listener-web-443")}) {
    policies::Policy policy = policy_with(id, {policies::kHost});
    policy.lists.back().rules.back().pos.file = "derived.yaml";
    EXPECT_FALSE(options_for(policy).has_quarantine);
    policy.quarantine.emplace().pos.file = "derived.yaml";
    policy.overload.emplace().pos.file = "derived.yaml";
    EXPECT_FALSE(options_for(policy).has_quarantine);
    EXPECT_FALSE(options_for(policy).has_overload);
    policy.quarantine->pos.file = "policy.yaml";
    policy.overload->pos.file = "policy.yaml";
    EXPECT_TRUE(options_for(policy).has_quarantine);
    EXPECT_TRUE(options_for(policy).has_overload);
  }
}

TEST(Merged, AnOverloadIsOfThePortsOfBoth) {
  DerivedRules now, next;
  now.overload = {{443}, "20/s burst 40", {"10.0.0.1"}, {443}, 1460};
  next.overload = {{80, 443}, "10/s burst 20", {}, {80}, 1400};
  const DerivedOverload both{{80, 443}, "10/s burst 20", {"10.0.0.1"}, {80, 443}, 1400};
  EXPECT_EQ(merged(now, next).overload, both);
  EXPECT_EQ(merged(now, {}).overload, now.overload);
  EXPECT_EQ(merged({}, next).overload, next.overload);
}

TEST(Merged, EitherMayNeedAQuarantine) {
  DerivedRules with;
  with.quarantine = "ravelin";
  EXPECT_EQ(merged(with, {}).quarantine, "ravelin");
  EXPECT_EQ(merged({}, with).quarantine, "ravelin");
  EXPECT_EQ(merged({}, {}).quarantine, std::nullopt);
}

}  // namespace
}  // namespace ravelin::system
