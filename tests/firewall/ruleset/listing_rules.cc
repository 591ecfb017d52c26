#include "tests/firewall/ruleset/listing_rules.h"

#include "tests/firewall/ruleset/build.h"

namespace ravelin::firewall {
namespace {

using namespace ravelin::firewall::build;  // the words of the tables below
using namespace std::chrono_literals;

Ruleset with_rules(std::vector<Rule> rules, std::vector<Set> sets = {}) {
  Ruleset ruleset;
  ruleset.sets = std::move(sets);
  ruleset.chains = {chain("a"), chain("x", std::move(rules))};
  return ruleset;
}

std::vector<Rule> joined(std::vector<Rule> first, const std::vector<Rule>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

MatchRange negated(MatchRange range) {
  range.is_negated = true;
  return range;
}

std::vector<Rule> matches_of_headers() {
  const Match pattern{Field::iifname, Comparison::equal, interface("eth"), 3, 0};
  const Match not_pattern{Field::oifname, Comparison::not_equal, interface("wg"), 2, 0};
  return {
      rule({pattern, accept()}),
      rule({not_pattern, accept()}),
      rule({is(Field::iifname, interface("lo")), is(Field::oifname, interface("a*")), accept()}),
      rule({is(Field::nfproto, 2), accept()}),
      rule({compare(Field::nfproto, Comparison::not_equal, 10), accept()}),
      rule({is(Field::l4proto, 6), accept()}),
      rule({is(Field::l4proto, 58), accept()}),
      rule({is(Field::l4proto, 99), accept()}),
      rule({compare(Field::l4proto, Comparison::not_equal, 17), accept()}),
      rule({between(Field::l4proto, 6, 17), accept()}),
      rule({is(Field::ip_saddr, address("1.2.3.4")), accept()}),
      rule({in(Field::ip_daddr, "10.0.0.0", 8), accept()}),
      rule({Match{Field::ip_saddr, Comparison::not_equal, address("10.0.0.0"), 8, 0}, accept()}),
      rule(
          {MatchRange{Field::ip_saddr, false, address("10.0.0.1"), address("10.0.0.9")}, accept()}),
      rule({MatchRange{Field::ip_saddr, true, address("10.0.0.0"), address("10.0.0.255")},
            accept()}),
      rule({in(Field::ip6_saddr, "2001:db8::", 32), accept()}),
      rule({is(Field::ip6_daddr, address("2001:0:0:1::1")), accept()}),
      rule({is(Field::l4proto, 6), is(Field::th_sport, 1), is(Field::th_dport, 2), accept()}),
      rule({is(Field::l4proto, 132), is(Field::th_dport, 2), accept()}),
      rule({is(Field::th_dport, 53), accept()}),
      rule({between(Field::tcp_dport, 1000, 2000), accept()}),
      rule({negated(between(Field::tcp_dport, 1000, 2000)), accept()}),
      rule({is(Field::tcp_sport, 5), accept()}),
      rule({is(Field::udp_sport, 5), is(Field::udp_dport, 6), accept()}),
      rule({compare(Field::tcp_flags, Comparison::has_any, 2), accept()}),
      rule({compare(Field::tcp_flags, Comparison::has_any, 18), accept()}),
      rule({compare(Field::tcp_flags, Comparison::has_any, 255), accept()}),
      rule({compare(Field::tcp_flags, Comparison::has_none, 18), accept()}),
      rule({compare(Field::tcp_flags, Comparison::equal, 2), accept()}),
      rule({compare(Field::tcp_flags, Comparison::equal, 18), accept()}),
      rule({compare(Field::tcp_flags, Comparison::not_equal, 2), accept()}),
      rule({is(Field::icmp_type, 8), accept()}),
      rule({is(Field::icmp_type, 99), accept()}),
      rule({compare(Field::icmp_type, Comparison::not_equal, 3), accept()}),
      rule({is(Field::icmpv6_type, 135), accept()}),
      rule({between(Field::icmpv6_type, 133, 137), accept()}),
  };
}

std::vector<Rule> matches_of_what_is_known() {
  return {
      rule({compare(Field::ct_state, Comparison::has_any, 6), accept()}),
      rule({compare(Field::ct_state, Comparison::has_any, 1), drop()}),
      rule({compare(Field::ct_state, Comparison::has_none, 8), accept()}),
      rule({compare(Field::ct_state, Comparison::equal, 8), accept()}),
      rule({compare(Field::ct_state, Comparison::not_equal, 8), accept()}),
      rule({compare(Field::ct_status, Comparison::has_any, 32), accept()}),
      rule({compare(Field::ct_status, Comparison::has_none, 32), accept()}),
      rule({is(Field::mark, 1), accept()}),
      rule({compare(Field::mark, Comparison::not_equal, 0x100), accept()}),
      rule({is(Field::skuid, 0), accept()}),
      rule({between(Field::skuid, 1, 5), accept()}),
      rule({is(Field::priority, 6), accept()}),
      rule({compare(Field::priority, Comparison::not_equal, 0x10fff), accept()}),
      rule({is(Field::day, 0), accept()}),
      rule({between(Field::day, 1, 5), accept()}),
      rule({between(Field::hour, 3600, 7230), accept()}),
      rule({negated(between(Field::hour, 6 * 3600, 22 * 3600)), accept()}),
      rule({is(Field::fib_daddr_type, 2), accept()}),
      rule({compare(Field::fib_daddr_type, Comparison::not_equal, 3), accept()}),
      rule({is(Field::fib_saddr_oif, 0), drop()}),
      rule({is(Field::l4proto, 6), is(Field::ct_original_dport, 80), accept()}),
      rule({is(Field::l4proto, 17), between(Field::ct_original_dport, 80, 90), accept()}),
  };
}

std::vector<Rule> plain_statements() {
  return {
      rule({Counter{}}),
      rule({Limit{50, 1s, 200, false, false}, accept()}),
      rule({Limit{50, 1s, 200, false, true}, drop()}),
      rule({Limit{50, 1h, 5, false, false}, accept()}),
      rule({Limit{50, 24h, 1, false, false}, accept()}),
      rule({Limit{20 << 20, 1s, 0, true, false}, accept()}),
      rule({Limit{1500, 1s, 2000, true, true}, drop()}),
      rule({Limit{1500 << 10, 60s, 10 << 20, true, true}, drop()}),
      rule({ConnectionLimit{20, false}, accept()}),
      rule({ConnectionLimit{20, true}, drop()}),
      rule({Log{}}),
      rule({Log{"gate: ", std::nullopt, 0}}),
      rule({Log{"gate: ", 5, 0}}),
      rule({Log{"gate", 0, 128}}),
      rule({Sample{10}, Log{"one of ten", std::nullopt, 0}}),
      rule({Reject{Reject::With::admin_prohibited}}),
      rule({is(Field::l4proto, 6), Reject{Reject::With::tcp_reset}}),
      rule({is(Field::tcp_dport, 22), Counter{}, Reject{Reject::With::tcp_reset}}),
      rule({jump("a")}),
      rule({go_to("a")}, "edge.yaml:33 web"),
      rule({come_back()}),
      rule({Trace{}}),
      rule({NoTrack{}}),
      rule({is(Field::nfproto, 2), Counter{}, Synproxy{}}),
      rule({Synproxy{1440, 9, true, false}}),
      rule({Synproxy{1440, std::nullopt, false, true}}),
  };
}

std::vector<Rule> statements_with_sets() {
  const auto per_minute = Limit{30, 60s, 5, false, true};
  return {
      rule({Lookup{{{Field::ip_saddr, 0}}, "h4", false}, accept()}),
      rule({Lookup{{{Field::ip_saddr, 0}}, "h4", true}, accept()}),
      rule({Lookup{{{Field::ip_saddr, 24}}, "h4", false}, accept()}),
      rule({Lookup{{{Field::ip6_saddr, 64}}, "h6", true}, accept()}),
      rule({Lookup{{{Field::ip_daddr, 0}, {Field::l4proto, 0}, {Field::th_dport, 0}}, "box", false},
            accept()}),
      rule({Lookup{{{Field::nfproto, 0}, {Field::mark, 0}}, "fm", false}, accept()}),
      rule({is(Field::l4proto, 17),
            Lookup{{{Field::th_sport, 0}, {Field::th_dport, 0}}, "pp", true}, accept()}),
      rule({VerdictLookup{{{Field::ct_state, 0}}, "vst"}}),
      rule({VerdictLookup{{{Field::iifname, 0}, {Field::oifname, 0}}, "vif"}}),
      rule({VerdictLookup{{{Field::ip6_saddr, 56}}, "v6"}}),
      rule({Update{Update::Operation::update, {{Field::ip_saddr, 0}}, "d4", {}, {}}, drop()}),
      rule({Update{Update::Operation::add, {{Field::ip_saddr, 0}}, "d4", 10min, {}}, drop()}),
      rule({Update{Update::Operation::remove, {{Field::ip_saddr, 0}}, "d4", {}, {}}, drop()}),
      rule({Update{Update::Operation::update, {{Field::ip_saddr, 0}}, "m4", 10min, per_minute},
            drop()}),
      rule(
          {Update{
               Update::Operation::add, {{Field::ip_saddr, 0}}, "c4", {}, ConnectionLimit{20, true}},
           drop()}),
      rule({Update{Update::Operation::update,
                   {{Field::ip6_saddr, 64}, {Field::tcp_dport, 0}},
                   "m6",
                   {},
                   Counter{}}}),
  };
}

std::vector<Set> sets_of_statements() {
  return {set("h4", {Field::ip_saddr}),
          set("h6", {Field::ip6_saddr}),
          intervals("box", {Field::ip_daddr, Field::l4proto, Field::th_dport}, {}),
          set("fm", {Field::nfproto, Field::mark}),
          set("pp", {Field::th_sport, Field::th_dport}),
          map(set("vst", {Field::ct_state})),
          map(set("vif", {Field::iifname, Field::oifname})),
          map(set("v6", {Field::ip6_saddr})),
          [] {
            Set bans = dynamic("d4", {Field::ip_saddr}, 100);
            bans.has_timeout = true;
            return bans;
          }(),
          [] {
            Set meter = dynamic("m4", {Field::ip_saddr}, 100);
            meter.has_timeout = true;
            meter.timeout = 1min;
            return meter;
          }(),
          dynamic("c4", {Field::ip_saddr}, 100),
          dynamic("m6", {Field::ip6_saddr, Field::tcp_dport}, 100)};
}

}  // namespace

Ruleset matches() {
  return with_rules(joined(matches_of_headers(), matches_of_what_is_known()));
}

Ruleset statements() {
  return with_rules(joined(plain_statements(), statements_with_sets()), sets_of_statements());
}

// What nft leaves out of a listing, and what it keeps.
Ruleset guards() {
  const Update ban{Update::Operation::update, {{Field::ip_saddr, 0}}, "d4", {}, {}};
  const auto address4 = is(Field::ip_saddr, address("1.2.3.4"));
  return with_rules(
      {
          rule({is(Field::nfproto, 2), is(Field::l4proto, 6), address4, is(Field::tcp_dport, 80)}),
          rule({is(Field::l4proto, 6), is(Field::nfproto, 2), address4, is(Field::th_dport, 80)}),
          rule({is(Field::nfproto, 2), Counter{}, address4}),
          rule({is(Field::nfproto, 2), ban, drop()}),
          rule({is(Field::nfproto, 2), Limit{5, 1s, 5, false, false}, ban}),
          rule({is(Field::l4proto, 6), Counter{}, is(Field::th_dport, 80), accept()}),
          rule({is(Field::l4proto, 6), compare(Field::ct_state, Comparison::has_any, 8),
                is(Field::th_dport, 80), accept()}),
          rule({is(Field::l4proto, 6), Log{"x", std::nullopt, 0}, is(Field::th_dport, 80)}),
          rule({is(Field::l4proto, 6), ConnectionLimit{5, false}, is(Field::th_dport, 80)}),
          rule({is(Field::l4proto, 6), Sample{10}, is(Field::th_dport, 80)}),
          rule({is(Field::l4proto, 6), ban, is(Field::th_dport, 80)}),
          rule({is(Field::l4proto, 6), NoTrack{}, is(Field::th_dport, 80)}),
          rule({is(Field::l4proto, 6), Trace{}, is(Field::th_dport, 80)}),
          rule({is(Field::nfproto, 2), is(Field::l4proto, 1), is(Field::icmp_type, 8), accept()}),
          rule({is(Field::nfproto, 2), is(Field::l4proto, 1), accept()}),
          rule({is(Field::nfproto, 10), is(Field::l4proto, 58), accept()}),
          rule({is(Field::nfproto, 10), is(Field::l4proto, 1), accept()}),
          rule({is(Field::l4proto, 1), is(Field::nfproto, 2), accept()}),
          rule({is(Field::nfproto, 2), Counter{}, is(Field::l4proto, 1), accept()}),
          rule({is(Field::nfproto, 2), is(Field::tcp_dport, 22), accept()}),
          rule({is(Field::nfproto, 2), is(Field::tcp_dport, 22), address4, accept()}),
          rule({is(Field::tcp_dport, 22), is(Field::l4proto, 6), accept()}),
          rule({is(Field::l4proto, 6),
                VerdictLookup{{{Field::l4proto, 0}, {Field::th_dport, 0}}, "vs"}}),
          rule({is(Field::nfproto, 2), is(Field::l4proto, 6), Reject{Reject::With::tcp_reset}}),
          rule({is(Field::nfproto, 2), is(Field::l4proto, 6), Counter{},
                Reject{Reject::With::tcp_reset}}),
          rule({is(Field::nfproto, 2), Reject{Reject::With::admin_prohibited}}),
          rule({is(Field::nfproto, 2), is(Field::l4proto, 6), Counter{}, accept()}),
      },
      {[] {
         Set bans = dynamic("d4", {Field::ip_saddr}, 100);
         bans.has_timeout = true;
         return bans;
       }(),
       map(set("vs", {Field::l4proto, Field::th_dport}))});
}

}  // namespace ravelin::firewall
