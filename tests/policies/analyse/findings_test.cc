#include "policies/analyse/findings.h"

#include "tests/policies/support/build_policy.h"

#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

using build::addresses;
using build::allow;
using build::deny;
using build::kLan;
using build::kWan;
using build::list;
using build::rule;

using Texts = std::vector<std::string>;

// "11: message"
Texts texts(const base::Diagnostics& findings) {
  Texts list;
  for (const base::Finding& finding : findings.findings())
    list.push_back(std::to_string(finding.pos.line) + ": " + finding.message);
  return list;
}

Texts found(const Policy& policy) {
  return texts(analyse(policy));
}

Policy edge_with(std::vector<Rule> rules) {
  Policy policy = build::two_zones();
  policy.lists = {list({kWan}, {kHost}, std::move(rules), "wan -> host")};
  return policy;
}

AddressMatch both(std::string_view v4, std::string_view v6) {
  return addresses({v4, v6});
}

TEST(NeverMet, ARuleThatOneBeforeCoversIsTold) {
  EXPECT_EQ(found(edge_with({deny(10, "tcp/1-1023"), allow(11, "ssh")})),
            Texts{"11: is never met: line 10 covers it"});
  EXPECT_EQ(found(edge_with({allow(10, "tcp/1-1023"), allow(11, "ssh")})),
            Texts{"11: is never met: line 10 covers it and decides the same"});
  EXPECT_EQ(found(edge_with({deny(10, "any"), allow(11, "ssh"), rule(Verb::log, 12, "any")})),
            (Texts{"11: is never met: line 10 matches everything before it",
                   "12: is never met: line 10 matches everything before it"}));
}

TEST(NeverMet, SeveralRulesCanCoverOneTogether) {
  EXPECT_EQ(found(edge_with({allow(10, "tcp/1-100"), allow(11, "tcp/101-200"), deny(12, "udp/5"),
                             deny(13, "tcp/50-150")})),
            Texts{"13: is never met: lines 10, 11 cover it"});
  // one that overlaps it and is not needed is not named
  EXPECT_EQ(found(edge_with({deny(10, "tcp/90-110"), allow(11, "tcp/1-100"),
                             allow(12, "tcp/101-200"), deny(13, "tcp/50-150")})),
            Texts{"13: is never met: lines 11, 12 cover it"});
}

TEST(NeverMet, AnExceptionBeforeAGeneralRuleIsUsual) {
  EXPECT_EQ(
      found(edge_with({deny(10, "any", both("198.51.100.7", "2001:db8::7")), allow(11, "http"),
                       deny(12, "tcp/80-90"), allow(13, "tcp/1-1023"), deny(14, "any")})),
      Texts{});
}

TEST(NeverMet, ConditionsCoverNothingAndMetersDo) {
  Rule limited = allow(10, "ssh");
  limited.limit = Rate{.count = 5};
  EXPECT_EQ(found(edge_with({limited, deny(11, "ssh")})), Texts{});
  Rule metered = allow(10, "ssh");
  metered.per_source.connections = 5;
  EXPECT_EQ(found(edge_with({metered, deny(11, "ssh")})),
            Texts{"11: is never met: line 10 covers it"});
  Policy by_feed = edge_with({deny(10, "any", build::from_feed(0)), allow(11, "ssh")});
  by_feed.feeds = {{.name = "abuse"}};
  EXPECT_EQ(found(by_feed), Texts{});
}

TEST(NeverMet, AnAlternativeThatIsDecidedOtherwiseIsTold) {
  EXPECT_EQ(found(edge_with({deny(10, "ssh"), allow(11, "ssh, http")})),
            Texts{"11: service tcp/22 is never met: line 10 covers it and decides otherwise"});
  EXPECT_EQ(
      found(edge_with(
          {deny(10, "any", both("10.0.0.0/8", "fd00::/8")),
           allow(11, "http", addresses({"10.1.0.0/16", "203.0.113.0/24", "2001:db8::/32"}))})),
      Texts{"11: source 10.1.0.0/16 is never met: line 10 covers it and decides otherwise"});
  // the same verdict loses nothing
  EXPECT_EQ(found(edge_with({allow(10, "ssh"), allow(11, "ssh, http")})), Texts{});
}

TEST(NeverMet, ARuleThatNoPacketCanMeetIsTold) {
  Policy policy = build::two_zones();
  policy.lists = {list({kLan}, {kHost},
                       {allow(10, "ssh", addresses({"192.0.2.1", "2001:db8::1"}, "admins")),
                        allow(11, "icmp/8", addresses({"fd00::1", "fd00::3"}))})};
  EXPECT_EQ(found(policy),
            (Texts{"10: is never met: admins cannot arrive from zone lan (its networks do not "
                   "hold it)",
                   "11: is never met: no packet can be all that it asks for"}));
}

TEST(NeverMet, AListOfSeveralZonesIsToldOnce) {
  Policy policy = build::two_zones();
  policy.zones.push_back({.name = "dmz", .interfaces = {"eth2"}});
  policy.lists = {list({kLan, 2}, {kWan}, {allow(10, "any"), deny(11, "smtp")})};
  EXPECT_EQ(found(policy), Texts{"11: is never met: line 10 matches everything before it"});
  policy.lists = {list({kLan}, {kWan}, {deny(10, "any")}),
                  list({kLan, 2}, {kWan}, {allow(11, "any")})};
  EXPECT_EQ(found(policy),
            Texts{"11: is never met from zone lan: line 10 matches everything before it"});
  // from one of its zones only by nature
  policy.lists = {
      list({kLan, 2}, {kWan}, {allow(10, "http", addresses({"10.0.0.0/25", "fd00::/65"}))})};
  EXPECT_EQ(found(policy), Texts{});
}

TEST(NeverMet, DenyingEssentialIcmpv6DoesNothing) {
  Policy policy = edge_with({deny(10, "icmpv6/135"), allow(11, "icmpv6/136")});
  EXPECT_EQ(found(policy), Texts{"10: is never met: essential ICMPv6 passes before the rules "
                                 "(write `icmp: strict` to decide about it)"});
  policy.is_icmp_strict = true;
  EXPECT_EQ(found(policy), Texts{});
}

TEST(NeverMet, ViaTellsInterfacesApart) {
  Policy policy = edge_with({});
  policy.zones[kWan].interfaces = {"eth0", "ppp*"};
  Rule ethernet = deny(10, "any");
  ethernet.via = {"eth0"};
  Rule dialled = deny(11, "any");
  dialled.via = {"ppp*"};
  policy.lists[0].rules = {ethernet, allow(12, "ssh")};
  EXPECT_EQ(found(policy), Texts{});
  policy.lists[0].rules = {ethernet, dialled, allow(12, "ssh")};
  EXPECT_EQ(found(policy), Texts{"12: is never met: lines 10, 11 cover it"});
}

TEST(FamilyHoles, ADenyOfOneFamilyLeavesTheOtherOpen) {
  const AddressMatch v4 = addresses({"198.51.100.0/24"}, "scanners");
  EXPECT_EQ(found(edge_with({deny(10, "any", v4), allow(11, "http")})),
            Texts{"10: is for IPv4 only (scanners has no IPv6 address): IPv6 stays open, line 11 "
                  "allows it"});

  const struct {
    const char* name;
    std::vector<Rule> rules;
  } quiet[] = {
      {"BothFamilies", {deny(10, "any", both("198.51.100.7", "2001:db8::7")), allow(11, "http")}},
      {"ARuleForEach",
       {deny(10, "any", v4), deny(11, "any", addresses({"2001:db8::7"})), allow(12, "http")}},
      {"NothingIsAllowed", {deny(10, "any", v4), deny(11, "any")}},
      {"AnotherServiceIsAllowed", {deny(10, "ssh", v4), allow(11, "http")}},
      {"TheAllowIsForAFewToo",
       {deny(10, "ssh", v4), allow(11, "ssh", both("198.51.0.0/16", "2001:db8::/64"))}},
      {"TheOtherFamilyIsDenied",
       {deny(10, "http", v4), deny(11, "http", addresses({"::/0"})), allow(12, "http")}},
  };

  for (const auto& row : quiet)
    EXPECT_EQ(found(edge_with(row.rules)), Texts{}) << row.name;
}

TEST(FamilyHoles, AnAllowOfOneFamilyLeavesTheOtherClosed) {
  const AddressMatch v4 = addresses({"198.51.100.0/24"}, "admins");
  const Rule used = allow(20, "http", both("203.0.113.0/24", "2001:db8::/64"));
  EXPECT_EQ(found(edge_with({allow(10, "ssh", v4), used})),
            Texts{"10: is for IPv4 only (admins has no IPv6 address): IPv6 stays closed"});

  const struct {
    const char* name;
    std::vector<Rule> rules;
  } quiet[] = {
      {"TheOtherFamilyIsNotUsed", {allow(10, "ssh", v4), allow(11, "http")}},
      {"ItIsOpenToSomeone", {allow(10, "ssh", v4), allow(11, "ssh", addresses({"2001:db8::1"}))}},
      {"ItIsOpenToAll", {allow(10, "ssh", v4), used, allow(21, "tcp/1-100")}},
      {"DhcpIsOfOneFamily", {allow(10, "dhcp", v4), used}},
      {"Icmp", {allow(10, "icmp/8", v4), used}},
  };

  for (const auto& row : quiet)
    EXPECT_EQ(found(edge_with(row.rules)), Texts{}) << row.name;
}

TEST(FamilyHoles, AZoneOfOneFamilyHasNone) {
  Policy policy = build::two_zones();
  policy.lists = {list({kLan}, {kHost}, {allow(10, "ssh", addresses({"10.0.0.7"}, "admin"))})};
  EXPECT_EQ(found(policy),
            Texts{"10: is for IPv4 only (admin has no IPv6 address): IPv6 stays closed"});
  policy.zones[kLan].networks = build::ranges({"10.0.0.0/24"});
  EXPECT_EQ(found(policy), Texts{});
}

TEST(ClosedForwards, AForwardThatRulesRefuseWholeIsTold) {
  Policy policy = build::two_zones();
  policy.zones[static_cast<std::size_t>(kLan)].networks = build::ranges({"10.0.0.0/8"});
  policy.nat = {{.kind = NatRule::Kind::forward,
                 .pos = {"edge.yaml", 5, 5},
                 .via = {kWan},
                 .services = build::services("tcp/8080"),
                 .to = {build::ip("10.0.0.5")},
                 .to_port = 80}};
  const auto with = [&](std::vector<Rule> rules) {
    policy.lists = {list({kWan}, {kLan}, std::move(rules), "wan -> lan")};
    return found(policy);
  };
  EXPECT_EQ(with({}), Texts());
  EXPECT_EQ(with({deny(10, "tcp/22")}), Texts());
  EXPECT_EQ(with({deny(10, "any", addresses({"203.0.113.0/24"}))}), Texts());
  EXPECT_EQ(with({allow(10, "tcp/80"), deny(11, "any")}), Texts());
  EXPECT_EQ(
      with({deny(10, "any")}),
      Texts({"5: opens nothing: rules are asked first, and edge.yaml:10 refuses what it would "
             "let in; allow it before that rule, or take the rule away"}));
}

TEST(Analyse, ManagementThatIsCutIsAnError) {
  Policy policy = edge_with({allow(10, "ssh", both("198.51.100.7", "2001:db8::7"))});
  policy.management = Management{.pos = {"edge.yaml", 3, 1},
                                 .services = build::services("ssh"),
                                 .from = both("198.51.100.6-198.51.100.7", "2001:db8::7")};
  const base::Diagnostics findings = analyse(policy);
  EXPECT_TRUE(findings.has_errors());
  EXPECT_EQ(texts(findings),
            Texts{"3: must always reach this host: tcp/22 from 198.51.100.6 to 192.0.2.1 (zone wan "
                  "-> host) is denied at the end of the lists"});
}

TEST(Analyse, NamesTheRule) {
  const base::Diagnostics findings = analyse(edge_with({deny(10, "any"), allow(11, "ssh")}));
  ASSERT_EQ(findings.findings().size(), 1U);
  EXPECT_EQ(to_string(findings.findings()[0]),
            "edge.yaml:11:5: warning: rules.wan -> host[1]: is never met: line 10 matches "
            "everything before it");
}

}  // namespace
}  // namespace ravelin::policies
