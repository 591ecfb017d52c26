// What we send for a rule is what Debian's nft sends for the same rule as text.
#include "firewall/kernel/encode_statements.h"
#include "tests/firewall/kernel/kernel_fixture.h"

#include <map>
#include <sstream>
#include <vector>

namespace ravelin::firewall {
namespace {

struct Case {
  std::string chain;
  std::string text;  // as nft reads it
  std::vector<Statement> statements;
};

constexpr std::string_view kSets = R"(
  set hosts { type ipv4_addr; }
  set nets { type ipv4_addr; flags interval; }
  set nets6 { type ipv6_addr; flags interval; }
  set services { type ipv4_addr . inet_service; }
  set boxes { type ipv4_addr . inet_service; flags interval; }
  set prefixes6 { type ipv6_addr . inet_service; }
  set dyn { type ipv4_addr; flags dynamic,timeout; timeout 1m; size 1000; }
  set dyn6 { type ipv6_addr; flags dynamic,timeout; timeout 1m; size 1000; }
  set conns { type ipv4_addr; flags dynamic; size 1000; }
  set names { type ifname; flags interval; }
  map zones { type ifname . ifname : verdict; }
  map ports { type inet_proto . inet_service : verdict; }
  map states { type ct_state : verdict; }
  map ways { type ifname : verdict; flags interval; }
  chain a { }
)";

Match match(Field field, Bytes value, Comparison comparison = Comparison::equal,
            std::uint8_t prefix = 0) {
  return {field, comparison, std::move(value), prefix, 0};
}

constexpr auto kNot = Comparison::not_equal;
constexpr auto kAny = Comparison::has_any;
constexpr auto kNone = Comparison::has_none;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

std::vector<Case> meta_cases() {
  return {
      {"c", "iifname \"lo\"", {match(Field::iifname, name("lo"))}},
      {"c", "iifname != \"lo\"", {match(Field::iifname, name("lo"), kNot)}},
      {"c", "oifname \"wg*\"", {match(Field::oifname, name("wg"), Comparison::equal, 2)}},
      {"c", "meta nfproto ipv6", {match(Field::nfproto, {10})}},
      {"c", "meta nfproto != ipv4", {match(Field::nfproto, {2}, kNot)}},
      {"c", "meta l4proto tcp", {match(Field::l4proto, {kTcp})}},
      {"c", "meta l4proto 6-17", {MatchRange{Field::l4proto, false, {6}, {17}}}},
      {"c", "meta l4proto != 6-17", {MatchRange{Field::l4proto, true, {6}, {17}}}},
      {"c", "meta mark 0x10", {match(Field::mark, host32(16))}},
      {"c", "meta mark 1-5", {MatchRange{Field::mark, false, host32(1), host32(5)}}},
      {"c", "meta skuid 1000", {match(Field::skuid, host32(1000))}},
      {"c",
       "meta skuid != 1000-2000",
       {MatchRange{Field::skuid, true, host32(1000), host32(2000)}}},
      {"c", "meta priority 0:6", {match(Field::priority, host32(6))}},
      {"c", "meta priority != 1:2", {match(Field::priority, host32(0x10002), kNot)}},
      {"c", "meta day 0", {match(Field::day, {0})}},
      {"c", "meta day 1-5", {MatchRange{Field::day, false, {1}, {5}}}},
      {"c",
       "meta hour \"00:30\"-\"05:00\"",
       {MatchRange{Field::hour, false, host32(1800), host32(18000)}}},
      {"c", "fib daddr type local", {match(Field::fib_daddr_type, host32(2))}},
      {"c", "fib daddr type != local", {match(Field::fib_daddr_type, host32(2), kNot)}},
      {"c", "fib saddr . iif oif 0", {match(Field::fib_saddr_oif, host32(0))}},
      {"c",
       "meta l4proto tcp ct original proto-dst 80",
       {match(Field::l4proto, {kTcp}), match(Field::ct_original_dport, port(80))}},
  };
}

std::vector<Case> address_cases() {
  const Bytes host = address("10.0.0.1");
  return {
      {"c", "ip saddr 10.0.0.1", {match(Field::ip_saddr, host)}},
      {"c",
       "ip saddr 10.0.0.0/8",
       {match(Field::ip_saddr, address("10.0.0.0"), Comparison::equal, 8)}},
      {"c",
       "ip saddr 10.0.0.0/9",
       {match(Field::ip_saddr, address("10.0.0.0"), Comparison::equal, 9)}},
      {"c", "ip daddr != 10.0.0.0/9", {match(Field::ip_daddr, address("10.0.0.0"), kNot, 9)}},
      {"c",
       "ip6 saddr 2001:db8::/32",
       {match(Field::ip6_saddr, address("2001:db8::"), Comparison::equal, 32)}},
      {"c",
       "ip6 saddr 2001:db8::/33",
       {match(Field::ip6_saddr, address("2001:db8::"), Comparison::equal, 33)}},
      {"c", "ip6 daddr ::1", {match(Field::ip6_daddr, address("::1"))}},
      {"c",
       "ip saddr 10.0.0.1-10.0.0.9",
       {MatchRange{Field::ip_saddr, false, host, address("10.0.0.9")}}},
      {"c",
       "ip saddr != 10.0.0.1-10.0.0.9",
       {MatchRange{Field::ip_saddr, true, host, address("10.0.0.9")}}},
      // A guard stands once, whoever wrote it.
      {"c",
       "ip saddr 10.0.0.1 ip daddr 10.0.0.2 tcp dport 22",
       {match(Field::ip_saddr, host), match(Field::ip_daddr, address("10.0.0.2")),
        match(Field::tcp_dport, port(22))}},
      {"c",
       "meta nfproto ipv4 ip saddr 10.0.0.1",
       {match(Field::nfproto, {2}), match(Field::ip_saddr, host)}},
  };
}

std::vector<Case> transport_cases() {
  return {
      {"c",
       "meta l4proto tcp tcp dport 22",
       {match(Field::l4proto, {kTcp}), match(Field::tcp_dport, port(22))}},
      {"c",
       "tcp dport 22 tcp sport 1024-65535",
       {match(Field::tcp_dport, port(22)),
        MatchRange{Field::tcp_sport, false, port(1024), port(65535)}}},
      {"c", "udp dport != 53", {match(Field::udp_dport, port(53), kNot)}},
      {"c", "udp sport 53", {match(Field::udp_sport, port(53))}},
      {"c", "th dport 22", {match(Field::th_dport, port(22))}},
      {"c", "th sport 22", {match(Field::th_sport, port(22))}},
      {"c", "tcp flags syn", {match(Field::tcp_flags, {2}, kAny)}},
      {"c", "tcp flags & syn == 0", {match(Field::tcp_flags, {2}, kNone)}},
      {"c", "tcp flags & (syn|fin) != 0", {match(Field::tcp_flags, {3}, kAny)}},
      {"c", "tcp flags == syn", {match(Field::tcp_flags, {2})}},
      {"c", "icmp type 8", {match(Field::icmp_type, {8})}},
      {"c", "icmp type != 8", {match(Field::icmp_type, {8}, kNot)}},
      {"c", "icmpv6 type 133-136", {MatchRange{Field::icmpv6_type, false, {133}, {136}}}},
      {"c", "ct state established,related", {match(Field::ct_state, host32(6), kAny)}},
      {"c", "ct state ! established", {match(Field::ct_state, host32(2), kNone)}},
      {"c", "ct state == new", {match(Field::ct_state, host32(8))}},
      {"c", "ct state != new", {match(Field::ct_state, host32(8), kNot)}},
      {"c", "ct status dnat", {match(Field::ct_status, host32(32), kAny)}},
  };
}

std::vector<Case> set_cases() {
  const KeyPart source{Field::ip_saddr, 0};
  const KeyPart tcp_port{Field::tcp_dport, 0};
  const KeyPart any_port{Field::th_dport, 0};
  return {
      {"c", "ip saddr @hosts", {Lookup{{source}, "hosts", false}}},
      {"c", "ip saddr != @hosts", {Lookup{{source}, "hosts", true}}},
      {"c", "ip daddr @nets", {Lookup{{{Field::ip_daddr, 0}}, "nets", false}}},
      {"c", "ip6 saddr @nets6", {Lookup{{{Field::ip6_saddr, 0}}, "nets6", false}}},
      {"c", "ip saddr . tcp dport @services", {Lookup{{source, tcp_port}, "services", false}}},
      {"c", "ip saddr . th dport @boxes", {Lookup{{source, any_port}, "boxes", false}}},
      {"c",
       "ip6 saddr & ffff:ffff:: . tcp dport @prefixes6",
       {Lookup{{{Field::ip6_saddr, 32}, tcp_port}, "prefixes6", false}}},
      {"c", "iifname @names", {Lookup{{{Field::iifname, 0}}, "names", false}}},
      {"c",
       "iifname . oifname vmap @zones",
       {VerdictLookup{{{Field::iifname, 0}, {Field::oifname, 0}}, "zones"}}},
      {"c",
       "meta l4proto . th dport vmap @ports",
       {VerdictLookup{{{Field::l4proto, 0}, any_port}, "ports"}}},
      {"c", "ct state vmap @states", {VerdictLookup{{{Field::ct_state, 0}}, "states"}}},
      {"c", "iifname vmap @ways", {VerdictLookup{{{Field::iifname, 0}}, "ways"}}},
  };
}

std::vector<Case> meter_cases() {
  const Key source{{Field::ip_saddr, 0}};
  const Limit over{10, std::chrono::seconds(1), 5, false, true};
  using Operation = Update::Operation;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  return {
      {"c", "counter", {Counter{}}},
      {"c", "limit rate 10/second", {Limit{10, seconds(1), 5, false, false}}},
      {"c",
       "limit rate over 10/minute burst 20 packets",
       {Limit{10, seconds(60), 20, false, true}}},
      {"c", "limit rate 10/hour burst 1 packets", {Limit{10, seconds(3600), 1, false, false}}},
      {"c", "limit rate 10/day", {Limit{10, seconds(86400), 5, false, false}}},
      {"c",
       "limit rate over 1048576 bytes/second burst 2097152 bytes",
       {Limit{1048576, seconds(1), 2097152, true, true}}},
      {"c", "ct count 10", {ConnectionLimit{10, false}}},
      {"c", "ct count over 10", {ConnectionLimit{10, true}}},
      {"c", "update @dyn { ip saddr }", {Update{Operation::update, source, "dyn", {}, {}}}},
      {"c",
       "add @dyn { ip saddr timeout 5s }",
       {Update{Operation::add, source, "dyn", milliseconds(5000), {}}}},
      {"c", "delete @dyn { ip saddr }", {Update{Operation::remove, source, "dyn", {}, {}}}},
      {"c",
       "update @dyn { ip saddr limit rate over 10/second burst 5 packets }",
       {Update{Operation::update, source, "dyn", {}, over}}},
      {"c",
       "update @dyn { ip saddr timeout 5s limit rate over 10/second }",
       {Update{Operation::update, source, "dyn", milliseconds(5000), over}}},
      {"c",
       "update @dyn6 { ip6 saddr & ffff:ffff:ffff:ffff:: limit rate over 10/second }",
       {Update{Operation::update, {{Field::ip6_saddr, 64}}, "dyn6", {}, over}}},
      {"c",
       "add @conns { ip saddr ct count over 5 }",
       {Update{Operation::add, source, "conns", {}, ConnectionLimit{5, true}}}},
      {"c",
       "update @dyn { ip saddr counter }",
       {Update{Operation::update, source, "dyn", {}, Counter{}}}},
  };
}

std::vector<Case> end_cases() {
  const auto ipv4 = *base::parse_ip("10.0.0.1");
  const auto ipv6 = *base::parse_ip("2001:db8::1");
  using Kind = Verdict::Kind;
  return {
      {"c", "log prefix \"hello \"", {Log{"hello ", {}, 0}}},
      {"c", "log prefix \"hello \" group 5 snaplen 128", {Log{"hello ", 5, 128}}},
      {"c", "log group 5", {Log{"", 5, 0}}},
      {"c", "numgen random mod 10 0", {Sample{10}}},
      {"c", "reject with icmpx admin-prohibited", {Reject{Reject::With::admin_prohibited}}},
      {"c", "reject with tcp reset", {Reject{Reject::With::tcp_reset}}},
      {"c",
       "tcp dport 22 reject with tcp reset",
       {match(Field::tcp_dport, port(22)), Reject{Reject::With::tcp_reset}}},
      {"c", "accept", {accept()}},
      {"c", "jump a", {jump("a")}},
      {"c", "goto a", {Verdict{Kind::go_to, "a"}}},
      {"c", "return", {Verdict{Kind::come_back, {}}}},
      {"c", "drop", {drop()}},
      {"pre",
       "meta nfproto ipv4 tcp dport 80 dnat ip to 10.0.0.1:8080",
       {match(Field::nfproto, {2}), match(Field::tcp_dport, port(80)),
        Nat{Nat::Kind::dnat, ipv4, 8080}}},
      {"pre", "dnat ip to 10.0.0.1", {Nat{Nat::Kind::dnat, ipv4, {}}}},
      {"pre",
       "tcp dport 80 dnat ip6 to [2001:db8::1]:8080",
       {match(Field::tcp_dport, port(80)), Nat{Nat::Kind::dnat, ipv6, 8080}}},
      {"pre",
       "tcp dport 80 redirect to :8080",
       {match(Field::tcp_dport, port(80)), Redirect{8080}}},
      {"pre", "redirect", {Redirect{}}},
      {"post", "masquerade", {Masquerade{}}},
      {"post", "snat ip to 10.0.0.1", {Nat{Nat::Kind::snat, ipv4, {}}}},
      {"raw", "notrack", {NoTrack{}}},
      {"c", "synproxy mss 1460 wscale 7 timestamp sack-perm", {Synproxy{}}},
      {"c", "synproxy mss 1440 wscale 9", {Synproxy{1440, 9, false, false}}},
      {"c", "synproxy mss 1440 sack-perm", {Synproxy{1440, std::nullopt, false, true}}},
      {"raw", "meta nftrace set 1", {Trace{}}},
  };
}

// nftables 1.0.6 puts a `byteorder` of no effect (two bytes of a register of one) behind a protocol
// in a concatenation with ranges; we do not. Such keys are in no row.
std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto& part :
       {meta_cases(), address_cases(), transport_cases(), set_cases(), meter_cases(), end_cases()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The table as text, with the rules of the rows in their chains.
std::string table_text(const std::vector<Case>& cases) {
  std::map<std::string, std::string> chains{
      {"c", ""},
      {"pre", "type nat hook prerouting priority -100;\n"},
      {"post", "type nat hook postrouting priority 100;\n"},
      {"raw", "type filter hook prerouting priority -300;\n"}};
  for (const Case& row : cases)
    chains[row.chain] += row.text + "\n";
  std::string text = "table inet ravelin {\n" + std::string(kSets);
  for (const auto& [chain, rules] : chains)
    text += fmt::format("chain {} {{\n{}}}\n", chain, rules);
  return text + "}\n";
}

// The expressions of each rule nft printed, chain by chain in order.
std::map<std::string, std::vector<std::string>> rules_in(const std::string& output) {
  std::map<std::string, std::vector<std::string>> rules;
  std::istringstream lines(output);
  std::vector<std::string>* chain = nullptr;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kHead = "inet ravelin ";
    if (line.rfind(kHead, 0) == 0) {
      chain = &rules[line.substr(kHead.size())];
      chain->emplace_back();
    } else if (chain != nullptr && line.rfind("  [", 0) == 0) {
      chain->back() += line + "\n";
    } else {
      chain = nullptr;
    }
  }
  return rules;
}

std::string expressions_of(const Case& row) {
  const auto rule = make_rule(row.chain, Rule{row.statements, {}, {}});
  if (!rule) return base::to_string(rule.error());
  std::string text(8192, '\0');
  const int bytes = nftnl_rule_snprintf(text.data(), text.size(), rule->get(), 0, 0);
  text.resize(static_cast<std::size_t>(std::max(bytes, 0)));
  return rules_in(text + "\n")[row.chain].at(0);
}

TEST_F(KernelTest, RulesBecomeTheExpressionsNftMakesOfTheirText) {
  const auto cases = all_cases();
  const std::string output = nft("-c --debug=netlink -f -", table_text(cases));
  ASSERT_EQ(output.find("Error"), std::string::npos) << output;
  auto theirs = rules_in(output);
  std::map<std::string, std::size_t> next;
  for (const Case& row : cases) {
    const std::size_t place = next[row.chain]++;
    ASSERT_LT(place, theirs[row.chain].size()) << row.text;
    EXPECT_EQ(expressions_of(row), theirs[row.chain][place]) << row.text;
  }
}

}  // namespace
}  // namespace ravelin::firewall
