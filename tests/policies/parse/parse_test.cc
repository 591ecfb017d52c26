// What each part of a policy becomes.
#include "policies/parse/parse.h"

#include "tests/policies/parse/facts.h"
#include "tests/policies/parse/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ZoneId kWan = 0;
constexpr ZoneId kLan = 1;
constexpr ZoneId kDmz = 2;

std::vector<std::string> texts(const AddressRanges& ranges) {
  std::vector<std::string> all;
  all.reserve(ranges.size());
  for (const AddressRange& range : ranges)
    all.push_back(to_string(range));
  return all;
}

std::vector<std::string> texts(const std::vector<ServiceTerm>& terms) {
  std::vector<std::string> all;
  all.reserve(terms.size());
  for (const ServiceTerm& term : terms)
    all.push_back(to_string(term));
  return all;
}

// The policy around some sections; there must be no finding.
Policy read(const std::string& part, const Facts& facts = full_facts()) {
  const Checked checked = check_text(around(part), facts);
  EXPECT_THAT(checked.findings, IsEmpty()) << part;
  return checked.policy();
}

// The one rule of a list, written as the inside of its braces.
Rule read_rule(const std::string& pair, const std::string& rule, const std::string& part = "") {
  const Policy policy = read("  " + pair + ": [{ " + rule + " }]\n" + part);
  EXPECT_THAT(policy.lists, SizeIs(2)) << rule;
  EXPECT_THAT(policy.lists.at(1).rules, SizeIs(1)) << rule;
  return policy.lists.at(1).rules.at(0);
}

TEST(PolicyZones, KeepOrderPlaceAndNetworks) {
  const Policy policy = read("");
  ASSERT_THAT(policy.zones, SizeIs(3));
  EXPECT_EQ(policy.zones[kWan].name, "wan");
  EXPECT_EQ(policy.zones[kLan].pos, (SourcePos{"/p/main.yaml", 4, 3}));
  EXPECT_THAT(policy.zones[kLan].interfaces, ElementsAre("eth1"));
  EXPECT_THAT(texts(policy.zones[kLan].networks), ElementsAre("192.168.1.0/24", "fd00:1::/64"));
  EXPECT_THAT(policy.zones[kDmz].networks, IsEmpty());
  EXPECT_EQ(policy.files, std::vector<std::string>{"/p/main.yaml"});
}

struct Addresses {
  const char* written;
  std::vector<std::string> ranges;
  bool is_restricted = true;
};

TEST(PolicyAddresses, BecomeRanges) {
  const std::string groups =
      "addresses:\n"
      "  late: [early, lan]\n"
      "  early: [10.0.0.1, 10.0.0.2, 10.0.0.3-10.0.0.9]\n"
      "  geo: { geo: [EE, NO] }\n"
      "  nas: \"pd(wan,1)::5\"\n"
      "  mirrors: [mirror.example.com, MIRROR.example.com]\n"
      "  nobody: gone.example.com\n";
  const Addresses rows[] = {
      {"10.0.0.1", {"10.0.0.1"}},
      {"[10.0.0.0/9, 10.128.0.0/9, 10.0.0.1]", {"10.0.0.0/8"}},
      {"::1", {"::1"}},
      {"any", {}, false},
      {"wan", {}, false},  // a zone without networks is anyone
      {"lan", {"192.168.1.0/24", "fd00:1::/64"}},
      {"early", {"10.0.0.1-10.0.0.9"}},
      {"late", {"10.0.0.1-10.0.0.9", "192.168.1.0/24", "fd00:1::/64"}},
      {"geo", {"2001:db8:47::/48", "2001:db8:ee::/48"}},
      {"{ geo: EE }", {"2001:db8:ee::/48"}},
      {"nas", {"2001:db8:aa00:1::5"}},
      {"mirrors", {"203.0.113.80", "2001:db8:80::1"}},
      {"wan-address", {"203.0.113.1", "2001:db8::1"}},
  };
  for (const Addresses& row : rows) {
    const std::string part =
        fmt::format("  wan -> host: [{{ deny: any, from: {} }}]\n{}", row.written, groups);
    const Checked checked = check_text(around(part), full_facts());
    EXPECT_THAT(checked.findings,
                ElementsAre("15:11: warning: addresses.nobody: \"gone.example.com\" does not "
                            "resolve; it matches nothing until it does"));
    const AddressMatch& from = checked.policy().lists.at(1).rules.at(0).from;
    EXPECT_EQ(texts(from.ranges), row.ranges) << row.written;
    EXPECT_EQ(from.is_restricted, row.is_restricted) << row.written;
  }
}

TEST(PolicyAddresses, WithoutFactsAreNobodyAndSaySoOnce) {
  const Checked checked =
      check_text(around("  wan -> host:\n"
                        "    - { allow: ssh, from: a.example }\n"
                        "    - { allow: ssh, from: a.example }\n"
                        "    - { allow: ssh, from: wan-address }\n"
                        "    - { allow: ssh, from: \"pd(wan,3)::1\" }\n"
                        "    - { allow: ssh, from: { geo: [SE] } }\n"));
  EXPECT_THAT(
      checked.findings,
      ElementsAre("9:27: warning: rules.\"wan -> host\"[0].from: \"a.example\" does not resolve; "
                  "it matches nothing until it does",
                  "11:27: warning: rules.\"wan -> host\"[2].from: this host has no address in zone "
                  "\"wan\"; it matches nothing until there is one",
                  "12:27: warning: rules.\"wan -> host\"[3].from: no prefix is delegated on zone "
                  "\"wan\"; it matches nothing until there is one",
                  "13:35: warning: rules.\"wan -> host\"[4].from.geo[0]: no addresses are known "
                  "for country SE; it matches nothing until there are some"));
  for (const Rule& rule : checked.policy().lists.at(1).rules) {
    EXPECT_TRUE(rule.from.is_restricted);
    EXPECT_THAT(rule.from.ranges, IsEmpty());
  }
}

// A network that is not known yet must not make its zone an address of everyone.
TEST(PolicyAddresses, AZoneOfUnknownNetworksIsNotAnyone) {
  const Checked checked = check_text(
      "policy: v1\n"
      "zones: { wan: { interfaces: [eth0] }, lan: { interfaces: [eth1], networks: "
      "\"pd(wan,0)::/64\" } }\n"
      "rules: { host -> any: [{ allow: any }], wan -> host: [{ allow: ssh, from: lan }] }\n");
  EXPECT_THAT(checked.findings, SizeIs(1));
  EXPECT_TRUE(checked.policy().lists.at(1).rules.at(0).from.is_restricted);
}

TEST(PolicyFacts, AreAskedForWhetherKnownOrNot) {
  const std::string part =
      "  wan -> host:\n"
      "    - { allow: ssh, from: [Mail.Example.com, \"pd(lan,3)::1\", wan-address] }\n"
      "    - { allow: ssh, from: { geo: [SE, FI] } }\n"
      "  host -> wan: [{ allow: ssh, owner: { user: backup } }, { allow: ssh, owner: 5 }]\n"
      "addresses: { unused: b.example.com }\n"
      "overload: { ports: 80, new: 20/s, synproxy: 80 }\n"
      "tests: [{ never: { in: wan, to: dmz-address } }]\n";
  const WantedFacts wanted{.names = {"b.example.com", "mail.example.com"},
                           .delegated_zones = {"lan"},
                           .countries = {"FI", "SE"},
                           .own_zones = {"dmz", "wan"},
                           .users = {"backup"},
                           .tcp_offer = true};
  EXPECT_EQ(check_text(around(part)).parsed.wanted, wanted);
  EXPECT_EQ(check_text(around(part), full_facts()).parsed.wanted, wanted);
}

TEST(PolicyOverload, AnswersHandshakesAsThisHostWould) {
  const std::string part = "overload: { ports: [443, 80], new: 20/s, synproxy: [80], mss: 1400 }\n";
  Facts facts = full_facts();
  EXPECT_EQ(read(part, facts).overload->synproxy, (Synproxy{{80}, 1400, {7, true, true}}));
  facts.tcp_offer = {9, false, true};
  EXPECT_EQ(read(part, facts).overload->synproxy, (Synproxy{{80}, 1400, {9, false, true}}));
}

TEST(PolicyOverload, AnswersForNoPortThatIsTranslated) {
  const std::string part =
      "overload: { ports: [443, 80], new: 20/s, synproxy: [80, 443] }\n"
      "nat:\n"
      "  - { forward: tcp/8080, via: wan, to: 192.168.1.5 }\n"
      "  - { redirect: http, via: wan, to: host:8080 }\n"
      "  - { masquerade: wan }\n";
  EXPECT_THAT(check_text(around(part)).findings,
              ElementsAre(HasSubstr("overload.synproxy: port 80 is translated at")));
}

TEST(PolicyServices, BecomeProtocolsAndPorts) {
  const std::string services =
      "services:\n"
      "  late: [early, udp/9]\n"
      "  early: [tcp/80, tcp/8000-8080, tcp/80]\n"
      "  http: tcp/8888\n"
      "  https: [https, tcp/8443]\n"
      "  odd: [gre, proto/99, icmp/8, icmpv6, udp]\n";
  const std::pair<const char*, std::vector<std::string>> rows[] = {
      {"any", {}},
      {"tcp/22", {"tcp/22"}},
      {"[ssh, dns]", {"tcp/22", "tcp/53", "udp/53"}},
      {"late", {"tcp/80", "tcp/8000-8080", "udp/9"}},
      {"http", {"tcp/8888"}},  // the policy's, not the built-in one
      {"https", {"tcp/443", "udp/443", "tcp/8443"}},
      {"odd", {"gre", "proto/99", "icmp/8", "icmpv6", "udp"}},
      {"ping", {"icmp/8", "icmpv6/128"}},
  };
  for (const auto& [written, terms] : rows) {
    const Rule rule = read_rule("wan -> host", std::string("allow: ") + written, services);
    EXPECT_EQ(texts(rule.services), terms) << written;
  }
  EXPECT_EQ(read_rule("wan -> host", "allow: [ssh, tcp/80]").services_text, "ssh, tcp/80");
  EXPECT_EQ(read_rule("wan -> host", "allow: any").services_text, "any");
}

struct Pair {
  const char* written;
  const char* text;
  std::vector<ZoneId> from, to;
  bool from_any = false, to_any = false;
};

TEST(PolicyPairs, NameZonesTheHostOrAny) {
  const Pair pairs[] = {
      {"wan -> host", "wan -> host", {kWan}, {kHost}},
      {"\"lan ,dmz->wan,  host\"", "lan, dmz -> wan, host", {kLan, kDmz}, {kWan, kHost}},
      {"lan -> lan", "lan -> lan", {kLan}, {kLan}},
      {"any -> any", "any -> any", {0, 1, 2}, {0, 1, 2, kHost}, true, true},
      {"any -> host", "any -> host", {0, 1, 2}, {kHost}, true, false},
      {"lan, host -> wan", "lan, host -> wan", {kLan, kHost}, {kWan}},
  };
  for (const Pair& row : pairs) {
    const Policy policy = read("  " + std::string(row.written) + ": [{ deny: any }]\n");
    const RuleList& list = policy.lists.at(1);
    EXPECT_EQ(list.text, row.text);
    EXPECT_EQ(list.from, row.from) << row.text;
    EXPECT_EQ(list.to, row.to) << row.text;
    EXPECT_EQ(list.from_any, row.from_any) << row.text;
    EXPECT_EQ(list.to_any, row.to_any) << row.text;
    EXPECT_EQ(list.pos, (SourcePos{"/p/main.yaml", 8, 3}));
  }
}

TEST(PolicyRules, HaveAVerb) {
  EXPECT_EQ(read_rule("wan -> host", "allow: ssh").verb, Verb::allow);
  EXPECT_EQ(read_rule("wan -> host", "deny: ssh").verb, Verb::deny);
  EXPECT_EQ(read_rule("wan -> host", "reject: ssh").verb, Verb::reject);
  const Rule log = read_rule("wan -> host", "log: [ssh, http]");
  EXPECT_EQ(log.verb, Verb::log);
  EXPECT_EQ(log.services_text, "ssh, http");
  EXPECT_EQ(log.log, LogRule{});
  const Rule everything = read_rule("wan -> host", "log: { prefix: x, sample: 10 }, from: lan");
  EXPECT_EQ(everything.verb, Verb::log);
  EXPECT_EQ(everything.services_text, "any");
  EXPECT_EQ(everything.log, (LogRule{.prefix = "x", .rate = {}, .sample = 10}));
  const Rule both = read_rule("wan -> host", "count: hits, log: ssh");
  EXPECT_EQ(both.verb, Verb::log);
  EXPECT_EQ(both.counter, "hits");
  EXPECT_EQ(read_rule("wan -> host", "count: ssh").verb, Verb::count);
}

TEST(PolicyRules, KeepTheirAttributes) {
  const Rule rule = read_rule(
      "wan -> host",
      "allow: ssh, id: a/b.c, note: why, count: hits, via: [eth7, lan], limit: 5/s burst 9, "
      "per_source: { new: 1/min, connections: 4, over: ban 10m }, ban: 1h after 30/min, "
      "log: { prefix: p, rate: 1/s }, until: 2026-12-31, "
      "when: { days: [mon, sun], from: 08:00, to: \"18:00\" }");
  EXPECT_EQ(rule.pos, (SourcePos{"/p/main.yaml", 8, 17}));
  EXPECT_EQ(rule.id, "a/b.c");
  EXPECT_EQ(rule.note, "why");
  EXPECT_EQ(rule.counter, "hits");
  EXPECT_THAT(rule.via, ElementsAre("eth7", "eth1"));
  EXPECT_EQ(rule.limit, (Rate{Rate::Of::packets, 5, 1s, 9}));
  EXPECT_EQ(rule.per_source.new_connections, (Rate{Rate::Of::packets, 1, 60s, 5}));
  EXPECT_EQ(rule.per_source.connections, 4U);
  EXPECT_EQ(rule.per_source.ban_for, 600s);
  EXPECT_EQ(rule.ban, (BanAfter{3600s, Rate{Rate::Of::packets, 30, 60s, 5}}));
  EXPECT_EQ(rule.log, (LogRule{"p", Rate{Rate::Of::packets, 1, 1s, 5}, 1}));
  EXPECT_EQ(rule.when, (When{3, 480min, 1080min}));
  EXPECT_EQ(rule.until, std::chrono::sys_days(std::chrono::year(2027) / 1 / 1));
}

TEST(PolicyRules, LogFalseIsNoLog) {
  EXPECT_EQ(read_rule("wan -> host", "deny: any, log: false").log, std::nullopt);
  EXPECT_EQ(read_rule("wan -> host", "deny: any, log: true").log, LogRule{});
}

TEST(PolicyRules, BanAsLongAsTheDefaultUnlessTheySay) {
  const Rule rule = read_rule("wan -> host", "allow: ssh, per_source: { new: 1/s, over: ban }",
                              "bans: { default: 2h }\n");
  EXPECT_EQ(rule.per_source.ban_for, 7200s);
}

TEST(PolicyRules, KnowWhoSends) {
  const auto owner = [](const std::string& written) {
    const Checked checked = check_text(
        around("  host -> wan: [{ allow: any, owner: " + written + " }]\n"), full_facts());
    return std::pair(checked.policy().lists.at(1).rules.at(0).owner.value(), checked.findings);
  };
  EXPECT_EQ(owner("{ user: _apt }").first, (Owner{100, "", "_apt"}));
  EXPECT_EQ(owner("_apt").first, (Owner{100, "", "_apt"}));
  EXPECT_EQ(owner("0").first, (Owner{0, "", "0"}));
  EXPECT_EQ(owner("{ cgroup: /system.slice }").first,
            (Owner{std::nullopt, "system.slice", "cgroup system.slice"}));
  const auto [unknown, findings] = owner("{ user: nobody-here }");
  EXPECT_EQ(unknown.uid, UINT32_MAX);  // matches nobody
  EXPECT_THAT(
      findings,
      ElementsAre("8:46: warning: rules.\"host -> wan\"[0].owner.user: user "
                  "\"nobody-here\" is not known; the rule matches nobody until there is one"));
}

TEST(PolicyFeeds, AreNamedByTheirPlace) {
  const Policy policy = read(
      "  wan -> host: [{ deny: any, from: [feed/b, 10.0.0.1, feed/a, feed/b] }]\n"
      "feeds:\n"
      "  a: { file: lists/a.csv.gz }\n"
      "  b: { file: /x/b.txt, max_age: 3d, on_stale: fail, max_entries: 5k, refresh: 15m,\n"
      "       never: [lan, 9.9.9.9] }\n");
  EXPECT_THAT(policy.lists.at(1).rules.at(0).from.feeds, ElementsAre(0, 1));
  EXPECT_EQ(policy.lists.at(1).rules.at(0).from.text, "feed/b, 10.0.0.1, feed/a, feed/b");
  ASSERT_THAT(policy.feeds, SizeIs(2));
  EXPECT_EQ(policy.feeds[0].file, "/p/lists/a.csv.gz");
  EXPECT_EQ(policy.feeds[0].format, Feed::Format::csv);
  EXPECT_EQ(policy.feeds[1].format, Feed::Format::text);
  EXPECT_EQ(policy.feeds[1].age_max, 72h);
  EXPECT_EQ(policy.feeds[1].on_stale, Feed::OnStale::fail);
  EXPECT_EQ(policy.feeds[1].entries_max, 5000U);
  EXPECT_THAT(texts(policy.feeds[1].never),
              ElementsAre("9.9.9.9", "192.168.1.0/24", "fd00:1::/64"));
}

TEST(PolicyFeeds, NobodyUsesAreWarnedAbout) {
  EXPECT_THAT(check_text(around("feeds: { a: { file: a.txt } }\n")).findings,
              ElementsAre("8:10: warning: feeds.a: no rule uses feed \"a\" (from: feed/a)"));
}

TEST(PolicyNat, TranslatesSourcesAndDestinations) {
  const Policy policy = read(
      "addresses: { nas: [192.168.1.5, \"fd00:1::5\"] }\n"
      "nat:\n"
      "  - { masquerade: wan, from: [lan], family: ipv4, id: out }\n"
      "  - { snat: [wan, dmz], to: 203.0.113.1 }\n"
      "  - { forward: https, via: wan, to: nas, limit: { new: 5/s, per_source: 1/s } }\n"
      "  - { forward: tcp/2222, via: wan, to: \"nas:22\", per_source: { connections: 3 } }\n"
      "  - { forward: tcp/8080, via: wan, to: \"[fd00:1::5]:80\" }\n"
      "  - { forward: any, via: wan, to: 192.168.1.5, until: 2026-12-31 }\n"
      "  - { redirect: dns, via: [lan, dmz], to: host:5353 }\n"
      "  - { redirect: ntp, via: lan }\n");
  ASSERT_THAT(policy.nat, SizeIs(8));
  EXPECT_EQ(policy.nat[0].kind, NatRule::Kind::masquerade);
  EXPECT_EQ(policy.nat[0].id, "out");
  EXPECT_TRUE(policy.nat[0].ipv4 && !policy.nat[0].ipv6);
  EXPECT_THAT(policy.nat[1].via, ElementsAre(kWan, kDmz));
  EXPECT_THAT(policy.nat[1].to, ElementsAre(ip("203.0.113.1")));
  EXPECT_TRUE(policy.nat[1].ipv4 && !policy.nat[1].ipv6);  // `to` has one address
  EXPECT_THAT(policy.nat[2].to, ElementsAre(ip("192.168.1.5"), ip("fd00:1::5")));
  EXPECT_EQ(policy.nat[2].to_port, std::nullopt);
  EXPECT_EQ(policy.nat[2].limit->count, 5U);
  EXPECT_EQ(policy.nat[2].per_source.new_connections->count, 1U);
  EXPECT_EQ(policy.nat[3].to_port, 22);
  EXPECT_EQ(policy.nat[3].per_source.connections, 3U);
  EXPECT_TRUE(policy.nat[4].ipv6 && !policy.nat[4].ipv4);
  EXPECT_EQ(policy.nat[4].to_port, 80);
  EXPECT_THAT(policy.nat[5].services, IsEmpty());
  EXPECT_TRUE(policy.nat[5].until);
  EXPECT_EQ(policy.nat[6].kind, NatRule::Kind::redirect);
  EXPECT_EQ(policy.nat[6].to_port, 5353);
  EXPECT_EQ(policy.nat[7].to_port, std::nullopt);
  EXPECT_THAT(policy.nat[7].to, IsEmpty());
}

TEST(PolicyManagement, IsOfZonesOrOfAddresses) {
  const auto management = [](const std::string& written) {
    return read("management: " + written + "\n").management.value();
  };
  const Management zones = management("{ service: [ssh, https], from: [lan, dmz] }");
  EXPECT_THAT(zones.zones, ElementsAre(kLan, kDmz));
  EXPECT_THAT(texts(zones.services), ElementsAre("tcp/22", "tcp/443", "udp/443"));
  const Management addresses = management("{ service: ssh, from: 10.0.0.1 }");
  EXPECT_THAT(addresses.zones, IsEmpty());
  EXPECT_THAT(texts(addresses.from.ranges), ElementsAre("10.0.0.1"));
  const Management both = management("{ service: ssh, from: [lan, 10.0.0.1], in: wan }");
  EXPECT_THAT(both.zones, ElementsAre(kWan));
  EXPECT_THAT(texts(both.from.ranges), ElementsAre("10.0.0.1", "192.168.1.0/24", "fd00:1::/64"));
}

TEST(PolicyWhole, IsStrictAboutIcmpWhenItSaysSo) {
  EXPECT_FALSE(read("").is_icmp_strict);
  EXPECT_FALSE(read("icmp: essential\n").is_icmp_strict);
  EXPECT_TRUE(read("icmp: strict\n").is_icmp_strict);
}

TEST(PolicyWhole, SaysThatTheHostMaySendAnything) {
  EXPECT_THAT(check_text("policy: v1\nzones: { wan: { interfaces: eth0 } }\n").findings,
              ElementsAre("1:1: warning: what the host sends is not governed: no list begins with "
                          "host"));
}

TEST(PolicyText, IsReadWithoutFiles) {
  base::Diagnostics diagnostics;
  const ParsedPolicy parsed = parse_policy(around("name: x\n"), {}, diagnostics);
  EXPECT_THAT(diagnostics.findings(), IsEmpty());
  EXPECT_EQ(parsed.policy.name, "x");
  parse_policy(around("include: other.yaml\n"), {}, diagnostics);
  EXPECT_THAT(texts_of(diagnostics),
              ElementsAre("policy.yaml:8:10: include: other.yaml: there is only one file"));
}

}  // namespace
}  // namespace ravelin::policies
