// What each field and each comparison says of a packet.
#include "firewall/simulate/run.h"
#include "tests/firewall/ruleset/build.h"
#include "tests/firewall/simulate/packets.h"

#include <gtest/gtest.h>

namespace ravelin::firewall::simulate {
namespace {

using policies::ConnState;
using policies::Packet;

// Whether a rule of an input chain, with this and an accept, lets the packet in.
bool is_matched(const Statement& statement, const Packet& packet, std::vector<Set> sets = {}) {
  Ruleset ruleset;
  ruleset.sets = std::move(sets);
  const Hook::Point point = packet.in_interface.empty() ? Hook::Point::output : Hook::Point::input;
  ruleset.chains = {build::base_chain("base", {Hook::Type::filter, point, 0, Hook::Policy::drop},
                                      {build::rule({statement, build::accept()})})};
  TableState state;
  state.own = {*base::parse_ip("192.0.2.1")};
  state.routes = {{*base::parse_prefix("10.0.0.0/8"), "eth0"},
                  {*base::parse_prefix("10.9.0.0/16"), "eth9"}};
  return run(ruleset, packet, state).verdict == Outcome::Verdict::accept;
}

const Packet kV4 = tcp("10.0.0.7", "192.0.2.1", 443);
const Packet kV6 = tcp("2001:db8::7", "2001:db8::1", 443);

Packet sent_by(std::uint32_t uid) {
  Packet packet = kV4;
  packet.in_interface.clear();
  packet.out_interface = "eth0";
  packet.uid = uid;
  return packet;
}

Packet on_wall(std::int64_t seconds) {
  Packet packet = kV4;
  packet.wall = std::chrono::sys_seconds(std::chrono::seconds(seconds));
  return packet;
}

struct MatchCase {
  const char* name;
  Statement statement;
  Packet packet;
  bool is_matched;
};

TEST(SimulateMatch, EveryFieldSaysWhatThePacketHas) {
  constexpr std::int64_t kMondayTenOClock = 4 * 86400 + 36000;  // 5 January 1970
  const Match eth{Field::iifname, Comparison::equal, build::interface("eth"), 3, 0};
  const Match not_eth{Field::iifname, Comparison::not_equal, build::interface("eth"), 3, 0};
  const auto night = [] {
    MatchRange range = build::between(Field::hour, 6 * 3600, 22 * 3600);
    range.is_negated = true;
    return range;
  }();
  const auto ping = with_protocol(tcp("10.0.0.7", "192.0.2.1", 8), policies::kIcmp);
  const auto ping6 = with_protocol(tcp("2001:db8::7", "2001:db8::1", 128), policies::kIcmpv6);
  const auto any = Comparison::has_any;
  const auto none = Comparison::has_none;
  const MatchCase cases[] = {
      {"Interface", build::is(Field::iifname, build::interface("eth0")), kV4, true},
      {"OtherInterface", build::is(Field::iifname, build::interface("eth")), kV4, false},
      {"Pattern", eth, kV4, true},
      {"NotPattern", not_eth, kV4, false},
      {"NoInterfaceOut", build::is(Field::oifname, build::interface("")), kV4, true},
      {"InterfaceOut", build::is(Field::oifname, build::interface("eth0")), sent_by(0), true},
      {"Family", build::is(Field::nfproto, 2), kV4, true},
      {"OtherFamily", build::is(Field::nfproto, 2), kV6, false},
      {"Protocol", build::is(Field::l4proto, 6), kV4, true},
      {"NotProtocol", build::compare(Field::l4proto, Comparison::not_equal, 6), kV4, false},
      {"Source", build::is(Field::ip_saddr, build::address("10.0.0.7")), kV4, true},
      {"SourceNet", build::in(Field::ip_saddr, "10.0.0.0", 9), kV4, true},
      {"OtherNet", build::in(Field::ip_saddr, "10.128.0.0", 9), kV4, false},
      {"NotNetOfTheOtherFamily",
       Match{Field::ip6_saddr, Comparison::not_equal, build::address("fe80::"), 10, 0}, kV4, false},
      {"SourceRange",
       MatchRange{Field::ip_saddr, false, build::address("10.0.0.1"), build::address("10.0.0.7")},
       kV4, true},
      {"NotSourceRange",
       MatchRange{Field::ip_saddr, true, build::address("10.0.0.1"), build::address("10.0.0.6")},
       kV4, true},
      {"Destination6", build::is(Field::ip6_daddr, build::address("2001:db8::1")), kV6, true},
      {"Port", build::is(Field::tcp_dport, 443), kV4, true},
      {"PortOfAnotherProtocol", build::is(Field::udp_dport, 443), kV4, false},
      {"AnyPort", build::is(Field::th_dport, 443), with_protocol(kV4, policies::kUdp), true},
      {"PortOfAPing", build::is(Field::th_dport, 8), ping, false},
      {"PortRange", build::between(Field::tcp_dport, 400, 443), kV4, true},
      {"PortAboveRange", build::between(Field::tcp_dport, 256, 442), kV4, false},
      {"SourcePort", build::is(Field::th_sport, 40000), kV4, true},
      {"FirstOfAConnection", build::compare(Field::tcp_flags, any, 2), kV4, true},
      {"LaterOfAConnection", build::compare(Field::tcp_flags, any, 2),
       in_state(kV4, ConnState::established), false},
      {"Ping", build::is(Field::icmp_type, 8), ping, true},
      {"PingIsNoPing6", build::is(Field::icmpv6_type, 128), ping, false},
      {"Ping6", build::is(Field::icmpv6_type, 128), ping6, true},
      {"New", build::compare(Field::ct_state, any, 8), kV4, true},
      {"Established", build::compare(Field::ct_state, any, 6),
       in_state(kV4, ConnState::established), true},
      {"Related", build::compare(Field::ct_state, any, 6), in_state(kV4, ConnState::related), true},
      {"Invalid", build::compare(Field::ct_state, any, 1), in_state(kV4, ConnState::invalid), true},
      {"NotNew", build::compare(Field::ct_state, none, 8), kV4, false},
      {"NotTurned", build::compare(Field::ct_status, none, 32), kV4, true},
      {"NoMark", build::is(Field::mark, 0), kV4, true},
      {"Owner", build::is(Field::skuid, 33), sent_by(33), true},
      {"OtherOwner", build::is(Field::skuid, 33), sent_by(34), false},
      {"OwnerRange", build::between(Field::skuid, 1, 256), sent_by(33), true},
      {"NobodyHereSentIt", build::compare(Field::skuid, Comparison::not_equal, 33), kV4, false},
      {"NoCgroupHere", build::is(Field::socket_cgroup, 0), kV4, false},
      {"Day", build::is(Field::day, 1), on_wall(kMondayTenOClock), true},
      {"OtherDay", build::is(Field::day, 2), on_wall(kMondayTenOClock), false},
      {"Hour", build::between(Field::hour, 36000, 36000), on_wall(kMondayTenOClock), true},
      {"NotAtNight", night, on_wall(kMondayTenOClock), false},
      {"AtNight", night, on_wall(kMondayTenOClock - 9 * 3600), true},
      {"Local", build::is(Field::fib_daddr_type, 2), kV4, true},
      {"Loopback", build::is(Field::fib_daddr_type, 2), tcp("127.0.0.2", "127.0.0.1", 1), true},
      {"Everyone", build::is(Field::fib_daddr_type, 3), tcp("10.0.0.7", "255.255.255.255", 1),
       true},
      {"Multicast", build::is(Field::fib_daddr_type, 5), tcp("10.0.0.7", "224.0.0.1", 1), true},
      {"Multicast6", build::is(Field::fib_daddr_type, 5), tcp("fe80::1", "ff02::1", 1), true},
      {"SomewhereElse", build::is(Field::fib_daddr_type, 1), tcp("10.0.0.7", "8.8.8.8", 1), true},
      {"WayBack", build::compare(Field::fib_saddr_oif, Comparison::not_equal, 0), kV4, true},
      {"NoWayBack", build::is(Field::fib_saddr_oif, 0), tcp("10.9.0.7", "192.0.2.1", 1), true},
      {"EveryTenth", Sample{10}, kV4, true},
      {"LogGoesOn", Log{"x", std::nullopt, 0}, kV4, true},
  };
  for (const MatchCase& row : cases)
    EXPECT_EQ(is_matched(row.statement, row.packet), row.is_matched) << row.name;
}

struct LookupCase {
  const char* name;
  Set set;
  Key key;
  bool is_in;
};

TEST(SimulateLookup, FindsKeysInEachKindOfSet) {
  const auto part = [](Field field) { return KeyPart{field, 0}; };
  const Bytes source = build::address("10.0.0.7");
  const Key service = {part(Field::l4proto), part(Field::th_dport)};
  const auto tcp_port = [](std::uint64_t port) {
    return build::joined({build::number(Field::l4proto, 6), build::number(Field::th_dport, port)});
  };
  const auto box = [](std::uint64_t low, std::uint64_t high) {
    return build::range(
        build::joined({build::address("10.0.0.0"), build::number(Field::th_dport, low)}),
        build::joined({build::address("10.0.0.255"), build::number(Field::th_dport, high)}));
  };
  const Key boxes = {part(Field::ip_saddr), part(Field::th_dport)};
  const LookupCase cases[] = {
      {"Host",
       build::set("s", {Field::ip_saddr}, {build::element(source)}),
       {part(Field::ip_saddr)},
       true},
      {"OtherHost",
       build::set("s", {Field::ip_saddr}, {build::element(build::address("10.0.0.8"))}),
       {part(Field::ip_saddr)},
       false},
      {"Network",
       build::set("s", {Field::ip_saddr}, {build::element(build::address("10.0.0.0"))}),
       {{Field::ip_saddr, 24}},
       true},
      {"Interval",
       build::intervals("s", {Field::ip_saddr},
                        {build::range(build::address("10.0.0.1"), build::address("10.0.0.7"))}),
       {part(Field::ip_saddr)},
       true},
      {"BeforeInterval",
       build::intervals("s", {Field::ip_saddr},
                        {build::range(build::address("10.0.0.8"), build::address("10.0.1.7"))}),
       {part(Field::ip_saddr)},
       false},
      {"Service",
       build::set("s", {Field::l4proto, Field::th_dport}, {build::element(tcp_port(443))}), service,
       true},
      {"OtherService",
       build::set("s", {Field::l4proto, Field::th_dport}, {build::element(tcp_port(444))}), service,
       false},
      {"Box", build::intervals("s", {Field::ip_saddr, Field::th_dport}, {box(400, 500)}), boxes,
       true},
      {"BesideBox", build::intervals("s", {Field::ip_saddr, Field::th_dport}, {box(444, 500)}),
       boxes, false},
      {"InterfacePattern",
       build::intervals("s", {Field::iifname},
                        {build::range(build::interface("eth"), build::interface("eth", 0xff))}),
       {part(Field::iifname)},
       true},
      {"OtherInterfacePattern",
       build::intervals("s", {Field::iifname},
                        {build::range(build::interface("wg"), build::interface("wg", 0xff))}),
       {part(Field::iifname)},
       false},
      {"OfTheOtherFamily",
       build::set("s", {Field::ip6_saddr}, {}),
       {part(Field::ip6_saddr)},
       false},
  };
  for (const LookupCase& row : cases) {
    EXPECT_EQ(is_matched(Lookup{row.key, "s", false}, kV4, {row.set}), row.is_in) << row.name;
    const bool is_not_in = !row.is_in && row.set.key[0] != Field::ip6_saddr;
    EXPECT_EQ(is_matched(Lookup{row.key, "s", true}, kV4, {row.set}), is_not_in) << row.name;
  }
}

}  // namespace
}  // namespace ravelin::firewall::simulate
