#include "tests/firewall/kernel/full_ruleset.h"

namespace ravelin::firewall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Element with_comment(Element made, std::string comment) {
  made.comment = std::move(comment);
  return made;
}

Set interval_set(std::string set_name, std::vector<Field> key, std::vector<Element> elements) {
  Set set = make_set(std::move(set_name), std::move(key));
  set.is_interval = true;
  set.elements = std::move(elements);
  return set;
}

Set map_of(Set set, std::vector<Element> elements) {
  set.is_verdict_map = true;
  set.elements = std::move(elements);
  return set;
}

Set dynamic_set(std::string set_name, Field field, std::optional<milliseconds> timeout) {
  Set set = make_set(std::move(set_name), {field});
  set.is_dynamic = true;
  set.has_timeout = timeout.has_value();
  set.timeout = timeout;
  set.size = 1000;
  return set;
}

std::vector<Set> plain_sets() {
  Set hosts = make_set("hosts", {Field::ip_saddr});
  hosts.comment = "friends";
  hosts.elements = {element(address("10.0.0.1")),
                    with_comment(element(address("10.0.0.2")), "edge.yaml:7")};
  Set services = make_set("services", {Field::ip_saddr, Field::th_dport});
  services.elements = {element(joined({address("10.0.0.1"), port(22)}))};
  Set states = make_set("states", {Field::ct_state});
  states.elements = {element(host32(8))};
  Set protocols = make_set("protocols", {Field::l4proto});
  protocols.elements = {element({6}), element({17})};
  Set bans = make_set("bans", {Field::ip_saddr});
  bans.has_timeout = true;
  bans.size = 5000;
  bans.is_external = true;
  return {hosts, services, states, protocols, bans};
}

std::vector<Set> range_sets() {
  return {
      interval_set(
          "nets", {Field::ip_saddr},
          {element(address("10.0.0.0"), address("10.255.255.255")),
           element(address("192.0.2.1"), address("192.0.2.1")),
           with_comment(element(address("255.255.255.0"), address("255.255.255.255")), "open")}),
      interval_set(
          "nets6", {Field::ip6_saddr},
          {element(address("2001:db8::"), address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))}),
      interval_set("ports", {Field::th_dport},
                   {element(joined({port(22)}), joined({port(33)})),
                    element(joined({port(60000)}), joined({port(65535)}))}),
      interval_set("names", {Field::iifname},
                   {element(name("eth0"), name("eth0")), element(name("wg"),
                                                                 [] {
                                                                   Bytes last(16, 0xff);
                                                                   last[0] = 'w';
                                                                   last[1] = 'g';
                                                                   return last;
                                                                 }())}),
      interval_set("boxes", {Field::ip_saddr, Field::l4proto, Field::th_dport},
                   {element(joined({address("10.0.0.0"), {6}, port(20)}),
                            joined({address("10.255.255.255"), {6}, port(30)})),
                    element(joined({address("192.0.2.7"), {17}, port(53)}),
                            joined({address("192.0.2.7"), {17}, port(53)}))}),
  };
}

std::vector<Set> maps() {
  Set ways = make_set("ways", {Field::iifname});
  ways.is_interval = true;
  Bytes last(16, 0xff);
  last[0] = 'w';
  last[1] = 'g';
  return {
      map_of(make_set("zones", {Field::iifname, Field::oifname}),
             {entry(joined({name("eth0"), name("eth1")}), jump("aside"))}),
      map_of(make_set("by_port", {Field::l4proto, Field::th_dport}),
             {entry(joined({{6}, port(22)}), accept()),
              entry(joined({{17}, port(53)}), Verdict{Verdict::Kind::go_to, "aside"})}),
      map_of(make_set("by_state", {Field::ct_state}),
             {entry(host32(1), drop()), entry(host32(2), accept())}),
      map_of(ways, {entry(name("wg"), jump("aside"), last)}),
  };
}

std::vector<Rule> rules(std::vector<std::vector<Statement>> all) {
  std::vector<Rule> made;
  made.reserve(all.size());
  for (auto& statements : all)
    made.push_back({std::move(statements), {}, {}});
  return made;
}

Chain matches() {
  Chain chain = make_chain("matches");
  chain.comment = "one of each";
  const Bytes host = address("10.0.0.1");
  chain.rules = rules({
      {Match{Field::iifname, Comparison::equal, name("lo")}, accept()},
      {Match{Field::oifname, Comparison::not_equal, name("wg"), 2}, accept()},
      {Match{Field::ip_saddr, Comparison::equal, host}, accept()},
      {Match{Field::ip_saddr, Comparison::equal, address("10.0.0.0"), 9}, accept()},
      {MatchRange{Field::ip6_daddr, false, address("::1"), address("::9")}, accept()},
      {Match{Field::tcp_dport, Comparison::equal, port(22)},
       MatchRange{Field::tcp_sport, true, port(1), port(1023)}, accept()},
      {Match{Field::tcp_flags, Comparison::has_any, {2}}, accept()},
      {Match{Field::icmp_type, Comparison::equal, {8}}, accept()},
      {Match{Field::icmpv6_type, Comparison::equal, {128}}, accept()},
      {Match{Field::ct_state, Comparison::has_any, host32(6)}, accept()},
      {Match{Field::ct_status, Comparison::has_any, host32(32)}, accept()},
      {Match{Field::mark, Comparison::equal, host32(16)}, accept()},
      {Match{Field::skuid, Comparison::equal, host32(1000)}, accept()},
      {MatchRange{Field::day, false, {1}, {5}}, accept()},
      {Match{Field::fib_daddr_type, Comparison::equal, host32(2)}, accept()},
      {Match{Field::fib_saddr_oif, Comparison::equal, host32(0)}, drop()},
  });
  return chain;
}

Chain lookups() {
  Chain chain = make_chain("lookups");
  const KeyPart source{Field::ip_saddr, 0};
  const KeyPart destination_port{Field::th_dport, 0};
  chain.rules = rules({
      {Lookup{{source}, "hosts", false}, accept()},
      {Lookup{{source}, "nets", true}, drop()},
      {Lookup{{{Field::ip6_saddr, 0}}, "nets6", false}, accept()},
      {Lookup{{destination_port}, "ports", false}, accept()},
      {Lookup{{source, destination_port}, "services", false}, accept()},
      {Lookup{{source, {Field::l4proto, 0}, destination_port}, "boxes", false}, accept()},
      {Lookup{{{Field::iifname, 0}}, "names", false}, accept()},
      {VerdictLookup{{{Field::iifname, 0}, {Field::oifname, 0}}, "zones"}},
      {VerdictLookup{{{Field::l4proto, 0}, destination_port}, "by_port"}},
      {VerdictLookup{{{Field::ct_state, 0}}, "by_state"}},
      {VerdictLookup{{{Field::iifname, 0}}, "ways"}},
  });
  return chain;
}

Chain meters() {
  Chain chain = make_chain("meters");
  const Key source{{Field::ip_saddr, 0}};
  const Limit over{10, seconds(1), 5, false, true};
  using Operation = Update::Operation;
  chain.rules = rules({
      {Limit{10, seconds(60), 20, false, false}, accept()},
      {Limit{1048576, seconds(1), 2097152, true, true}, drop()},
      {ConnectionLimit{10, true}, drop()},
      {Update{Operation::update, source, "rates", {}, over}, drop()},
      {Update{Operation::update, {{Field::ip6_saddr, 64}}, "rates6", {}, over}, drop()},
      {Update{Operation::add, source, "conns", {}, ConnectionLimit{5, true}}, drop()},
      {Update{Operation::add, source, "rates", milliseconds(5000), {}}, drop()},
      {Update{Operation::remove, source, "rates", {}, {}}},
      {Sample{10}, Log{"sampled ", {}, 0}},
      {Log{"to user space ", 5, 128}},
  });
  return chain;
}

Chain ends() {
  Chain chain = make_chain("ends");
  chain.rules = rules({
      {Match{Field::l4proto, Comparison::equal, {6}}, Reject{Reject::With::tcp_reset}},
      {Reject{Reject::With::admin_prohibited}},
      {jump("matches")},
      {Verdict{Verdict::Kind::go_to, "lookups"}},
      {Verdict{Verdict::Kind::come_back, {}}},
  });
  Rule last{{Counter{}, drop()}, "edge.yaml:33 web", {"edge.yaml", 33, 5}};
  chain.rules.push_back(last);
  return chain;
}

Chain dnat_chain() {
  Chain chain = make_base_chain(
      "dstnat", {Hook::Type::nat, Hook::Point::prerouting, -100, Hook::Policy::accept});
  chain.rules = rules({
      {Match{Field::nfproto, Comparison::equal, {2}},
       Match{Field::tcp_dport, Comparison::equal, port(80)},
       Nat{Nat::Kind::dnat, *base::parse_ip("10.0.0.1"), 8080}},
      {Match{Field::tcp_dport, Comparison::equal, port(81)}, Redirect{8081}},
  });
  return chain;
}

Chain snat_chain() {
  Chain chain = make_base_chain(
      "srcnat", {Hook::Type::nat, Hook::Point::postrouting, 100, Hook::Policy::accept});
  chain.rules = rules({{Match{Field::oifname, Comparison::equal, name("eth0")}, Masquerade{}},
                       {Nat{Nat::Kind::snat, *base::parse_ip("192.0.2.1"), {}}}});
  return chain;
}

Chain raw_chain() {
  Chain chain = make_base_chain(
      "early", {Hook::Type::filter, Hook::Point::prerouting, -300, Hook::Policy::accept});
  chain.rules = rules({{NoTrack{}}, {Trace{}}});
  return chain;
}

}  // namespace

Ruleset full_ruleset() {
  Ruleset ruleset;
  ruleset.comment = "revision 7";
  for (auto& part : {plain_sets(), range_sets(), maps()})
    ruleset.sets.insert(ruleset.sets.end(), part.begin(), part.end());
  ruleset.sets.push_back(dynamic_set("rates", Field::ip_saddr, milliseconds(60000)));
  ruleset.sets.push_back(dynamic_set("rates6", Field::ip6_saddr, milliseconds(60000)));
  ruleset.sets.push_back(dynamic_set("conns", Field::ip_saddr, {}));
  Chain input =
      make_base_chain("input", {Hook::Type::filter, Hook::Point::input, 0, Hook::Policy::drop});
  input.rules = rules({{jump("ends")}, {drop()}});
  ruleset.chains = {make_chain("aside"), matches(),    lookups(),   meters(), ends(),
                    dnat_chain(),        snat_chain(), raw_chain(), input};
  return ruleset;
}

}  // namespace ravelin::firewall
