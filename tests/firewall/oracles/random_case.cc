#include "tests/firewall/oracles/random_case.h"

#include "tests/policies/support/build_policy.h"

namespace ravelin::firewall::oracles {
namespace {

using base::Family;
using policies::AddressMatch;
using policies::AddressRange;
using policies::kHost;
using policies::Packet;
using policies::Policy;
using policies::Rate;
using policies::RuleList;
using policies::ServiceTerm;
using policies::Verb;
using policies::ZoneId;
using policies::build::ip;
using policies::build::range;
using policies::build::ranges;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A Wednesday, half past noon.
constexpr std::chrono::sys_seconds kNow{hours(24 * 20000 + 12) + minutes(30)};

// eth* and ppp9 make one zone's pattern stand inside another's.
constexpr const char* kInterfaces[] = {"eth0", "eth1", "eth7", "ppp0", "ppp9", "wg0", "tun0"};
constexpr const char* kVia[] = {"eth0", "eth*", "ppp*", "ppp0", "wg*", "e*"};
constexpr const char* kPlaces4[] = {"10.0.0.", "10.0.1.", "203.0.113."};
constexpr const char* kPlaces6[] = {"fd00::", "fd00:0:0:1::", "2001:db8::", "2001:db8:0:1::"};
constexpr const char* kWide4[] = {"10.0.0.0/8", "0.0.0.0/1", "203.0.113.0/24", "10.0.0.0/30"};
constexpr const char* kWide6[] = {"fd00::/8", "2001:db8::/32", "2001:db8::/64", "::/1"};
constexpr std::uint8_t kBare = 47;  // a protocol without ports

}  // namespace

base::IpAddress RandomCases::address(Family family) {
  if (chance(25)) return ip(family == Family::ipv4 ? "0.0.0.0" : "fe80::1");
  const char* place = family == Family::ipv4 ? pick(kPlaces4) : pick(kPlaces6);
  return ip(place + std::to_string(below(6)));
}

AddressRange RandomCases::range(Family family) {
  if (chance(5))
    return policies::build::range(family == Family::ipv4 ? pick(kWide4) : pick(kWide6));
  const std::string place = family == Family::ipv4 ? pick(kPlaces4) : pick(kPlaces6);
  const unsigned a = below(6), b = chance(3) ? a : below(6);
  const std::string last = chance(8) ? "60" : std::to_string(std::max(a, b));
  return {ip(place + std::to_string(std::min(a, b))), ip(place + last)};
}

AddressMatch RandomCases::match(const Policy& policy) {
  AddressMatch made;
  made.is_restricted = true;
  made.text = "group";
  std::vector<AddressRange> list;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (chance(5)) continue;
    for (unsigned count = 1 + below(3); count > 0; --count)
      list.push_back(range(family));
  }
  made.ranges = policies::normalised(std::move(list));
  for (std::size_t i = 0; i < policy.feeds.size(); ++i) {
    if (!chance(4)) continue;
    made.feeds.push_back(static_cast<int>(i));
    if (chance(2)) made.ranges.clear();
  }
  return made;
}

ServiceTerm RandomCases::term() {
  constexpr std::uint8_t kProtocols[] = {policies::kTcp, policies::kTcp,  policies::kUdp,
                                         policies::kUdp, policies::kIcmp, policies::kIcmpv6,
                                         kBare,          policies::kSctp, 0};
  const std::uint8_t protocol = pick(kProtocols);
  if (protocol == kBare || protocol == 0 || chance(8)) return {protocol};
  const bool is_icmp = protocol == policies::kIcmp || protocol == policies::kIcmpv6;
  if (is_icmp) {
    constexpr std::uint16_t kTypes[] = {1, 3, 8, 128, 135};
    const std::uint16_t type = pick(kTypes);
    return {protocol, type, chance(3) ? std::uint16_t{255} : type};
  }
  const auto a = static_cast<std::uint16_t>(1 + below(6));
  const auto b = static_cast<std::uint16_t>(chance(2) ? a : 1 + below(6));
  return {protocol, std::min(a, b), chance(5) ? std::uint16_t{1000} : std::max(a, b)};
}

std::vector<ServiceTerm> RandomCases::terms() {
  std::vector<ServiceTerm> made{term()};
  while (chance(2))
    made.push_back(term());
  return made;
}

Rate RandomCases::rate() {
  if (chance(3)) return {Rate::Of::bytes, 100 + below(300), seconds(1), 100 * below(5)};
  constexpr seconds kUnits[] = {seconds(1), seconds(60), seconds(3600)};
  return {Rate::Of::packets, 1 + below(4), pick(kUnits), 1 + below(3)};
}

void RandomCases::add_conditions(policies::Rule& rule, const RuleList& list) {
  if (chance(5)) rule.via = {pick(kVia)};
  if (chance(12)) rule.via.push_back(pick(kVia));
  if (chance(10)) rule.until = kNow + (chance(2) ? hours(48) : hours(-5));
  if (list.from == std::vector<ZoneId>{kHost} && chance(3)) {
    rule.owner = policies::Owner{};
    if (chance(2)) rule.owner->uid = 1 + below(2);
    if (!rule.owner->uid || chance(4)) rule.owner->cgroup = pick(cgroups());
  }
  if (!chance(10)) return;
  rule.when = policies::When{};
  if (chance(2)) rule.when->days = static_cast<std::uint8_t>(1 + below(127));
  rule.when->from = minutes(60 * (10 + below(4)));
  rule.when->to = chance(3) ? hours(24) : minutes(60 * (10 + below(4)) + 45);
}

void RandomCases::add_meters(policies::Rule& rule, bool is_from_host) {
  constexpr seconds kBan(30);
  const auto packets = [&] {
    return Rate{Rate::Of::packets, 1 + below(3), seconds(60), 1 + below(2)};
  };
  if (chance(7)) rule.limit = rate();
  if (chance(12)) rule.log = policies::LogRule{.prefix = "x", .sample = 1 + below(3)};
  if (is_from_host) return;
  if (rule.verb == Verb::allow && chance(5)) {
    if (chance(2)) rule.per_source.new_connections = packets();
    if (!rule.per_source.new_connections || chance(2)) rule.per_source.connections = 1 + below(3);
    if (chance(2)) rule.per_source.ban_for = kBan;
  }
  if (!rule.is_final() || !chance(15)) return;
  rule.ban = policies::BanAfter{.duration = kBan * (1 + below(3)), .after = {}};
  if (rule.verb == Verb::allow || chance(2)) rule.ban->after = packets();
}

policies::Rule RandomCases::rule(const RuleList& list, const Policy& policy) {
  constexpr Verb kVerbs[] = {Verb::allow, Verb::allow,  Verb::allow, Verb::deny,
                             Verb::deny,  Verb::reject, Verb::log,   Verb::count};
  policies::Rule made;
  made.verb = pick(kVerbs);
  made.pos = {"edge.yaml", ++line_, 5};
  if (chance(6)) made.id = "id" + std::to_string(line_);
  if (!chance(6)) made.services = terms();
  made.services_text = made.services.empty() ? "any" : "services";
  if (chance(2)) made.from = match(policy);
  if (chance(3)) made.to = match(policy);
  const bool is_from_host = std::find(list.from.begin(), list.from.end(), kHost) != list.from.end();
  add_conditions(made, list);
  add_meters(made, is_from_host);
  if (made.verb == Verb::log) made.log = policies::LogRule{};
  return made;
}

std::vector<ZoneId> RandomCases::zones(const Policy& policy, bool with_host) {
  const auto count = static_cast<unsigned>(policy.zones.size());
  if (with_host && chance(3)) return {kHost};
  std::vector<ZoneId> made{static_cast<ZoneId>(below(count))};
  const auto more = static_cast<ZoneId>(below(count));
  if (chance(3) && more != made.front()) made.push_back(more);
  if (with_host && chance(8)) made.push_back(kHost);
  return made;
}

RuleList RandomCases::list(const Policy& policy) {
  RuleList made;
  made.text = "list";
  made.from_any = chance(6);
  made.to_any = chance(6);
  made.from = zones(policy, !chance(3));
  made.to = zones(policy, made.from.front() != kHost);
  if (made.from_any || made.to_any) {
    std::vector<ZoneId> all;
    all.reserve(policy.zones.size() + 1);
    for (std::size_t i = 0; i < policy.zones.size(); ++i)
      all.push_back(static_cast<ZoneId>(i));
    if (made.from_any) made.from = all;
    all.push_back(kHost);
    if (made.to_any) made.to = all;
  }
  // A long list now and then, so that its clauses are widened.
  for (unsigned count = chance(10) ? 30 + below(30) : 1 + below(7); count > 0; --count)
    made.rules.push_back(rule(made, policy));
  return made;
}

policies::NatRule RandomCases::nat(const Policy& policy) {
  using Kind = policies::NatRule::Kind;
  constexpr Kind kKinds[] = {Kind::forward, Kind::forward, Kind::redirect, Kind::masquerade,
                             Kind::snat};
  policies::NatRule made;
  made.kind = pick(kKinds);
  made.pos = {"edge.yaml", ++line_, 5};
  made.via = zones(policy, false);
  if (chance(3)) {
    made.from = match(policy);
    made.from.feeds.clear();
  }
  made.ipv4 = !chance(6);
  made.ipv6 = !made.ipv4 || !chance(6);
  if (chance(8)) made.until = kNow + (chance(2) ? hours(48) : hours(-5));
  const bool is_inbound = made.kind == Kind::forward || made.kind == Kind::redirect;
  if (made.kind == Kind::forward || made.kind == Kind::snat) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      // not an address of this host
      const char* place = family == Family::ipv4 ? pick(kPlaces4) : pick(kPlaces6);
      if (family == Family::ipv4 ? made.ipv4 : made.ipv6)
        made.to.push_back(ip(place + std::to_string(7 + below(2))));
    }
  }
  if (!is_inbound) return made;
  if (!chance(8)) made.services = terms();
  if (chance(3)) {
    const auto port = static_cast<std::uint16_t>(1 + below(6));
    made.services = {{chance(2) ? policies::kTcp : policies::kUdp, port, port}};
  }
  const bool is_one_port_each =
      !made.services.empty() &&
      std::all_of(made.services.begin(), made.services.end(), [](const ServiceTerm& term) {
        return policies::has_ports(term.protocol) && term.first == term.last;
      });
  if (is_one_port_each && chance(2)) made.to_port = static_cast<std::uint16_t>(1 + below(6));
  if (made.kind == Kind::redirect) return made;
  if (chance(4)) made.limit = rate();
  if (chance(4)) made.per_source.new_connections = Rate{.count = 1, .per = seconds(60), .burst = 2};
  if (chance(6)) made.per_source.connections = 1 + below(2);
  if (made.per_source.connections && chance(2)) made.per_source.ban_for = seconds(30);
  return made;
}

void RandomCases::add_zones(Policy& policy) {
  policy.zones = {{.name = "wan", .interfaces = {"eth0", "ppp*"}},
                  {.name = "lan", .interfaces = {"eth1"}}};
  if (!chance(3)) policy.zones[1].networks = ranges({"10.0.0.0/24", "fd00::/64"});
  if (chance(2)) policy.zones.push_back({.name = "dmz", .interfaces = {"eth*"}});
  if (chance(2)) policy.zones.push_back({.name = "vpn", .interfaces = {"wg*"}});
  if (chance(3)) policy.zones.back().networks = ranges({"10.0.1.0/24", "fd00:0:0:1::/64"});
  if (chance(2)) policy.zones.push_back({.name = "guest", .interfaces = {"ppp9"}});
}

void RandomCases::add_guard(Case& made) {
  Policy& policy = made.policy;
  for (unsigned count = below(3); count > 0; --count) {
    policies::Feed feed;
    feed.name = "feed" + std::to_string(count);
    policies::AddressRanges entries;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      entries.push_back(range(family));
      entries.push_back({address(family), {}});
      entries.back().last = entries.back().first;
      if (chance(2)) feed.never.push_back(range(family));
    }
    policy.feeds.push_back(std::move(feed));
    made.feeds.push_back(policies::normalised(std::move(entries)));
  }
  if (chance(3)) policy.bans.never = {range(chance(2) ? Family::ipv4 : Family::ipv6)};
  if (!chance(3)) return;
  policy.management = policies::Management{};
  policy.management->services = {{policies::kTcp, 22, 22}};
  policy.management->from = match({});
}

Packet RandomCases::packet() {
  constexpr policies::ConnState kStates[] = {
      policies::ConnState::established, policies::ConnState::related, policies::ConnState::invalid};
  Packet made;
  if (!chance(5)) made.in_interface = chance(40) ? "lo" : pick(kInterfaces);
  if (made.in_interface.empty() && chance(10))
    made.out_interface = "lo";
  else if (made.in_interface.empty() || (made.in_interface != "lo" && chance(2)))
    made.out_interface = pick(kInterfaces);
  const Family family = chance(2) ? Family::ipv4 : Family::ipv6;
  made.source = address(family);
  made.destination = address(family);
  const ServiceTerm service = term();
  made.protocol = service.protocol;
  const bool has_range = policies::has_ports(service.protocol) ||
                         service.protocol == policies::kIcmp ||
                         service.protocol == policies::kIcmpv6;
  made.destination_port = has_range ? service.first : std::uint16_t{0};
  if (policies::has_ports(service.protocol) && made.destination_port == 0)
    made.destination_port = 5;
  if (policies::has_ports(service.protocol) && chance(6)) made.destination_port = 900;
  made.source_port = ++source_port_;
  if (chance(8)) made.state = pick(kStates);
  made.uid = below(3);
  if (chance(2)) made.cgroup = pick(cgroups());
  made.bytes = 40 + 20 * below(10);
  at_ += milliseconds(below(3) * below(2000));
  made.at = at_;
  made.wall = kNow + hours(below(6)) - hours(3);
  return made;
}

Case RandomCases::next(std::size_t packets) {
  Case made;
  made.compiled_at = kNow - hours(4);
  made.policy.name = "edge";
  line_ = 9;
  at_ = milliseconds(0);
  source_port_ = 1024;
  add_zones(made.policy);
  add_guard(made);
  for (unsigned count = chance(3) ? 1 + below(3) : 0; count > 0; --count)
    made.policy.nat.push_back(nat(made.policy));
  for (unsigned count = 1 + below(7); count > 0; --count)
    made.policy.lists.push_back(list(made.policy));
  made.policy.is_icmp_strict = chance(4);
  const auto is_near_never = [&](const base::IpAddress& source) {
    const auto near = [&](const AddressRange& one) {
      return policies::source_key(one.first) <= policies::source_key(source) &&
             one.first.family == source.family &&
             policies::source_key(source) <= policies::source_key(one.last);
    };
    const auto& never = made.policy.bans.never;
    return source == ip("0.0.0.0") || source == ip("fe80::1") ||
           std::any_of(never.begin(), never.end(), near) ||
           (made.policy.management && std::any_of(made.policy.management->from.ranges.begin(),
                                                  made.policy.management->from.ranges.end(), near));
  };
  if (chance(4)) {
    const base::IpAddress banned = address(chance(2) ? Family::ipv4 : Family::ipv6);
    if (!is_near_never(banned)) made.banned.push_back(banned);
  }
  for (std::size_t i = 0; i < packets; ++i)
    made.packets.push_back(packet());
  return made;
}

}  // namespace ravelin::firewall::oracles
