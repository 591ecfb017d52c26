#include "tests/firewall/ruleset/listing_examples.h"

#include "tests/firewall/ruleset/build.h"
#include "tests/firewall/ruleset/listing_rules.h"

#include <fstream>
#include <sstream>

namespace ravelin::firewall {
namespace {

using namespace ravelin::firewall::build;  // the words of the tables below
using namespace std::chrono_literals;

Ruleset hash_sets() {
  Ruleset ruleset;
  ruleset.comment = "rev 3 hash 1f2e";
  std::vector<Element> hosts;
  for (const char* text : {"10.0.0.9", "10.0.0.1", "192.168.1.1", "1.1.1.1", "2.2.2.2", "3.3.3.3"})
    hosts.push_back(element(address(text)));
  std::vector<Element> types, types6, protocols, ports, flags;
  for (std::uint64_t i = 0; i < 256; ++i) {
    types.push_back(element(number(Field::icmp_type, i)));
    types6.push_back(element(number(Field::icmpv6_type, i)));
    protocols.push_back(element(number(Field::l4proto, i)));
    ports.push_back(element(number(Field::th_dport, i * 255)));
  }
  for (const std::uint64_t bits : {2, 16, 128, 0})
    flags.push_back(element(number(Field::tcp_flags, bits)));
  Set commented = set("commented", {Field::ip_saddr}, {element(address("9.9.9.9"))});
  commented.elements[0].comment = "why";
  commented.comment = "what for";
  commented.size = 100;
  ruleset.sets = {
      set("hosts4", {Field::ip_saddr}, hosts),
      set("hosts6", {Field::ip6_daddr},
          {element(address("2001:db8::1")), element(address("::1")),
           element(address("fe80::1:0:0:1"))}),
      set("names", {Field::iifname},
          {element(interface("lo")), element(interface("wg0")), element(interface("eth0"))}),
      set("types", {Field::icmp_type}, types),
      set("types6", {Field::icmpv6_type}, types6),
      set("protocols", {Field::l4proto}, protocols),
      set("ports", {Field::th_dport}, ports),
      set("flags_", {Field::tcp_flags}, flags),
      set("marks", {Field::mark},
          {element(number(Field::mark, 1)), element(number(Field::mark, 500)),
           element(number(Field::mark, 0x10000000))}),
      set("uids", {Field::skuid},
          {element(number(Field::skuid, 0)), element(number(Field::skuid, 65534)),
           element(number(Field::skuid, 1000))}),
      set("families", {Field::nfproto},
          {element(number(Field::nfproto, 2)), element(number(Field::nfproto, 10))}),
      set("states", {Field::ct_state},
          {element(number(Field::ct_state, 8)), element(number(Field::ct_state, 2)),
           element(number(Field::ct_state, 1))}),
      set("kinds", {Field::fib_daddr_type},
          {element(number(Field::fib_daddr_type, 2)), element(number(Field::fib_daddr_type, 3))}),
      commented,
  };
  return ruleset;
}

Ruleset interval_sets() {
  Ruleset ruleset;
  Set nets = intervals("nets4", {Field::ip_saddr},
                       {range(address("0.0.0.0"), address("0.255.255.255")),
                        lone(address("1.2.3.4")), range(address("10.0.0.0"), address("10.0.0.1")),
                        range(address("192.168.1.5"), address("192.168.1.9")),
                        range(address("240.0.0.0"), address("255.255.255.255"))});
  nets.elements[2].comment = "two of them";
  Set large = intervals("nets4_all", {Field::ip_daddr},
                        {range(address("0.0.0.0"), address("255.255.255.255"))});
  large.size = 64;
  ruleset.sets = {
      nets,
      large,
      intervals("nets6", {Field::ip6_saddr},
                {lone(address("::1")), range(address("2001:db8::"), address("2001:db8::ffff")),
                 range(address("fe80::1"), address("fe80::9"))}),
      intervals("ports", {Field::tcp_dport},
                {lone(number(Field::tcp_dport, 22)),
                 range(number(Field::tcp_dport, 80), number(Field::tcp_dport, 90)),
                 range(number(Field::tcp_dport, 60000), number(Field::tcp_dport, 65535))}),
      intervals("names", {Field::iifname},
                {range(interface("eth"), interface("eth", 0xff)), lone(interface("lo")),
                 lone(interface("wg0"))}),
      intervals("boxes", {Field::ip_saddr, Field::l4proto, Field::th_dport},
                {range(joined({address("1.2.3.0"), number(Field::l4proto, 0),
                               number(Field::th_dport, 5)}),
                       joined({address("1.2.3.255"), number(Field::l4proto, 255),
                               number(Field::th_dport, 5)})),
                 range(joined({address("10.0.0.0"), number(Field::l4proto, 6),
                               number(Field::th_dport, 80)}),
                       joined({address("10.0.0.9"), number(Field::l4proto, 6),
                               number(Field::th_dport, 90)}))}),
  };
  return ruleset;
}

Ruleset maps_and_times() {
  Ruleset ruleset;
  const auto service = [](std::uint64_t protocol, std::uint64_t port) {
    return joined({number(Field::l4proto, protocol), number(Field::th_dport, port)});
  };
  Set services = map(set(
      "services", {Field::l4proto, Field::th_dport},
      {mapped(element(service(6, 257)), accept()), mapped(element(service(6, 5)), go_to("b")),
       mapped(element(service(17, 53)), come_back()), mapped(element(service(99, 5)), drop())}));
  services.elements[1].comment = "edge.yaml:3";
  Set zones = map(intervals("zones", {Field::iifname, Field::oifname},
                            {mapped(range(joined({interface("eth"), interface("lo")}),
                                          joined({interface("eth", 0xff), interface("lo")})),
                                    jump("b")),
                             mapped(range(joined({interface("wg0"), interface("z")}),
                                          joined({interface("wg0"), interface("z", 0xff)})),
                                    go_to("b"))}));
  Set port_map = map(intervals(
      "port_map", {Field::th_dport},
      {mapped(lone(number(Field::th_dport, 22)), drop()),
       mapped(range(number(Field::th_dport, 80), number(Field::th_dport, 90)), accept())}));
  port_map.elements[1].comment = "both";
  Set bans = dynamic("bans4", {Field::ip_saddr}, 200000);
  bans.has_timeout = true;
  bans.timeout = 90min;
  bans.comment = "bans of IPv4";
  Set meter = dynamic("meter6", {Field::ip6_saddr, Field::th_dport}, 65535);
  meter.has_timeout = true;
  meter.timeout = 1min;
  Set timed =
      set("timed", {Field::ip_saddr}, {element(address("1.2.3.4")), element(address("1.2.3.5"))});
  timed.has_timeout = true;
  timed.timeout = 26h + 500ms;
  timed.elements[0].timeout = 2h;
  timed.elements[0].comment = "x y";
  Set untimed =
      map(set("untimed", {Field::ip_saddr}, {mapped(element(address("1.2.3.4")), accept())}));
  untimed.has_timeout = true;
  untimed.elements[0].timeout = 5s;
  ruleset.sets = {services,
                  zones,
                  port_map,
                  bans,
                  meter,
                  timed,
                  untimed,
                  dynamic("conns", {Field::ip_saddr}, 1000),
                  map(set("empty_map", {Field::ct_state}))};
  ruleset.chains = {chain("b")};
  ruleset.chains[0].comment = "chain of b";
  return ruleset;
}

Ruleset hooks() {
  using Type = Hook::Type;
  using Point = Hook::Point;
  using Policy = Hook::Policy;
  Ruleset ruleset;
  ruleset.chains = {
      base_chain("raw_pre", {Type::filter, Point::prerouting, -300, Policy::accept}),
      base_chain("trace", {Type::filter, Point::prerouting, -350, Policy::accept}),
      base_chain("pre_nat", {Type::nat, Point::prerouting, -100, Policy::accept},
                 {rule({is(Field::nfproto, 2), is(Field::ip_daddr, address("1.2.3.4")),
                        is(Field::l4proto, 6), is(Field::th_dport, 80), Counter{},
                        Nat{Nat::Kind::dnat, *base::parse_ip("10.0.0.1"), 8080}},
                       "edge.yaml:7 web"),
                  rule({is(Field::nfproto, 10), is(Field::tcp_dport, 80),
                        Nat{Nat::Kind::dnat, *base::parse_ip("2001:db8::1"), 8080}}),
                  rule({is(Field::nfproto, 10),
                        Nat{Nat::Kind::dnat, *base::parse_ip("2001:db8::1"), std::nullopt}}),
                  rule({is(Field::nfproto, 2),
                        Nat{Nat::Kind::dnat, *base::parse_ip("10.0.0.1"), std::nullopt}}),
                  rule({is(Field::udp_dport, 53), Redirect{5353}}),
                  rule({is(Field::udp_dport, 53), Redirect{}})}),
      base_chain("input", {Type::filter, Point::input, 0, Policy::drop},
                 {rule({Counter{}, drop()})}),
      base_chain("forward", {Type::filter, Point::forward, -1, Policy::drop}),
      base_chain("forward_late", {Type::filter, Point::forward, 11, Policy::drop}),
      base_chain("mangle_", {Type::filter, Point::forward, -140, Policy::accept}),
      base_chain("secure", {Type::filter, Point::forward, 50, Policy::accept}),
      base_chain("not_dstnat", {Type::filter, Point::postrouting, -100, Policy::accept}),
      base_chain("output", {Type::filter, Point::output, 3, Policy::accept}),
      base_chain("post", {Type::nat, Point::postrouting, 100, Policy::accept},
                 {rule({is(Field::oifname, interface("eth0")), is(Field::nfproto, 2), Counter{},
                        Masquerade{}}),
                  rule({in(Field::ip_saddr, "10.0.0.0", 8),
                        Nat{Nat::Kind::snat, *base::parse_ip("1.2.3.4"), std::nullopt}}),
                  rule({is(Field::l4proto, 6), in(Field::ip6_saddr, "fe80::", 10),
                        Nat{Nat::Kind::snat, *base::parse_ip("2001::1"), 99}})}),
  };
  return ruleset;
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(RAVELIN_SOURCE_DIR) + "/tests/firewall/ruleset/listing/" + name +
                     ".nft");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::vector<ListingExample> listing_examples() {
  std::vector<ListingExample> examples = {
      {"hash_sets", hash_sets(), {}}, {"interval_sets", interval_sets(), {}},
      {"maps", maps_and_times(), {}}, {"hooks", hooks(), {}},
      {"matches", matches(), {}},     {"statements", statements(), {}},
      {"guards", guards(), {}},       {"empty", {}, {}},
  };
  for (ListingExample& example : examples)
    example.text = golden(example.name);
  return examples;
}

}  // namespace ravelin::firewall
