// Which tables of others get in the way of which policies.
#include "firewall/control/neighbours.h"

#include "policies/parse/parse.h"

#include <gmock/gmock.h>

namespace ravelin::firewall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kNeighboursHead =
    "policy: v1\n"
    "zones:\n"
    "  wan: { interfaces: [eth0] }\n"
    "  lan: { interfaces: [eth1] }\n"
    "  box: { interfaces: [\"docker*\"] }\n"
    "rules:\n";

policies::Policy policy(std::string_view rules) {
  base::Diagnostics diagnostics;
  auto parsed =
      policies::parse_policy(std::string(kNeighboursHead) + std::string(rules), {}, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << rules;
  return std::move(parsed.policy);
}

ForeignChain chain(std::string hook, bool by_policy = true) {
  ForeignChain made{.family = "ip", .table = "filter", .name = "X", .type = "filter"};
  made.hook = std::move(hook);
  made.drops_by_policy = by_policy;
  made.drops_at_end = !by_policy;
  made.programs = {"ufw"};
  return made;
}

std::vector<std::string> warnings(std::string_view rules, const ForeignRuleset& foreign) {
  return neighbour_warnings(policy(rules), foreign);
}

TEST(Neighbours, ADropThatComesToWhatWeAllowIsTold) {
  EXPECT_THAT(
      warnings("  wan -> host: [{ allow: [https, tcp/8443] }, { deny: any }]\n",
               {{chain("input")}, {}}),
      ElementsAre("table ip filter (ufw): chain X drops by policy at input priority 0: what we "
                  "allow over IPv4 to this host (https, tcp/8443) must be allowed there too"));
  EXPECT_THAT(warnings("  wan -> lan: [{ allow: tcp/1 }]\n", {{chain("forward", false)}, {}}),
              ElementsAre("table ip filter (ufw): chain X ends in a drop at forward priority 0: "
                          "what we allow over IPv4 between zones (tcp/1) must be allowed there "
                          "too"));
  EXPECT_THAT(warnings("  host -> wan: [{ allow: dns }]\n", {{chain("output")}, {}}),
              ElementsAre("table ip filter (ufw): chain X drops by policy at output priority 0: "
                          "what we allow over IPv4 from this host (dns) must be allowed there "
                          "too"));
}

TEST(Neighbours, OnlyAFewServicesAreNamed) {
  const auto said = warnings(
      "  wan -> host: [{ allow: tcp/1 }, { allow: tcp/2 }, { allow: tcp/2 }, { allow: tcp/3 }, "
      "{ allow: tcp/4 }, { allow: tcp/5 }]\n",
      {{chain("input")}, {}});
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], ::testing::HasSubstr("(tcp/1, tcp/2, tcp/3 and 2 more)"));
}

TEST(Neighbours, WhatDropsNothingOfOursIsNotTold) {
  const std::string_view web = "  wan -> host: [{ allow: https }]\n";
  ForeignChain open = chain("input");
  open.drops_by_policy = false;
  ForeignChain bridge = chain("input");
  bridge.family = "bridge";
  EXPECT_THAT(
      warnings(web, {{open, bridge, chain("forward"), chain("output"), chain("postrouting")}, {}}),
      IsEmpty());
  EXPECT_THAT(warnings("  wan -> host: [{ deny: any }]\n", {{chain("input")}, {}}), IsEmpty());
}

TEST(Neighbours, ForwardsOfOthersAreCutWhereNoListLeads) {
  const ForeignRuleset docker{{}, {{"docker", "br-1"}, {"docker", "docker0"}}};
  EXPECT_THAT(
      warnings("  lan -> wan: [{ allow: any }]\n", docker),
      ElementsAre("docker forwards for br-1, which is in no zone: our forward chain cuts what goes "
                  "between it and our zones; make it a zone (interfaces: [br-1], owner: docker) "
                  "with lists from and to it",
                  "docker forwards for docker0: no list leads from or to zone box, so our forward "
                  "chain cuts it; add lists such as \"box -> ZONE\" for what it needs"));
  EXPECT_THAT(warnings("  box -> wan: [{ allow: any }]\n", {{}, {{"docker", "docker0"}}}),
              IsEmpty());
}

TEST(Neighbours, WithoutForwardingOfOursTheirsIsLeftAlone) {
  EXPECT_THAT(warnings("  wan -> host: [{ allow: https }]\n", {{}, {{"docker", "docker0"}}}),
              IsEmpty());
}

}  // namespace
}  // namespace ravelin::firewall
