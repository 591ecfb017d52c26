#include "policies/parse/test_packet.h"

#include "policies/parse/rate.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

using base::Family;

bool is_word(const yaml::Value& value, std::string_view word) {
  return value.is(yaml::Kind::scalar) && value.node().text == word;
}

bool read_direction(const yaml::Value& value, const Scope& scope, ZoneId& zone) {
  if (is_word(value, kHostWord)) {
    zone = kHost;
    return true;
  }
  const std::string* word = value.scalar("a zone, or host");
  if (word == nullptr) return false;
  if (const auto found = scope.names.zone(*word)) {
    zone = *found;
    return true;
  }
  scope.names.report_unknown(value, *word, NameKind::zone);
  return false;
}

// `host`, or addresses; a lone zone is where it comes in as well.
bool read_from(const yaml::Value& value, Scope& scope, TestPacket& packet) {
  if (is_word(value, kHostWord)) {
    if (packet.in && packet.in != kHost) value.error("what comes in from a zone is not from host");
    packet.in = kHost;
    return true;
  }
  if (!scope.addresses.read(value, AddressUse::plain, packet.from)) return false;
  const auto zone =
      value.is(yaml::Kind::scalar) ? scope.names.zone(value.node().text) : std::nullopt;
  if (zone && !packet.in) packet.in = zone;
  return true;
}

// Whether all that is named are zones; those.
std::optional<std::vector<ZoneId>> only_zones(const yaml::Value& value, const Scope& scope) {
  std::vector<ZoneId> zones;
  const auto add = [&](const yaml::TreeNode& node) {
    const auto zone =
        node.kind == yaml::Kind::scalar ? scope.names.zone(node.text) : std::optional<ZoneId>();
    if (zone) zones.push_back(*zone);
    return zone.has_value();
  };
  const bool are_zones = value.is(yaml::Kind::list)
                             ? std::ranges::all_of(value.node().items, add) && !zones.empty()
                             : add(value.node());
  if (!are_zones) return std::nullopt;
  return zones;
}

// `host`, zones, `wan-address`, or addresses.
bool read_to(const yaml::Value& value, Scope& scope, TestPacket& packet) {
  if (is_word(value, kHostWord)) {
    packet.to_host = true;
    return true;
  }
  if (auto zones = only_zones(value, scope)) {
    packet.to_zones = std::move(*zones);
    return true;
  }
  if (value.is(yaml::Kind::scalar))
    packet.to_address_of = scope.names.zone_of_address(value.node().text);
  return scope.addresses.read(value, AddressUse::plain, packet.to);
}

bool has_family(const AddressMatch& match, Family family) {
  return match.ranges.empty() || !in_family(match.ranges, family).empty();
}

void keep_family(AddressMatch& match, Family family) {
  const auto kept = in_family(match.ranges, family);
  match.ranges = AddressRanges(kept.begin(), kept.end());
}

void check_one_address(const yaml::Map& map, std::string_view key, const AddressMatch& match) {
  const bool is_one = match.ranges.size() == 1 && match.ranges[0].first == match.ranges[0].last;
  if (!match.ranges.empty() && !is_one)
    map.error(fmt::format("\"{}\" names several addresses; a packet has one", key));
}

// Without an address nothing of it can be known: a name that does not resolve was warned about.
void narrow_addresses(const yaml::Map& map, TestPacket& packet) {
  const bool is_ipv4 = has_family(packet.from, Family::ipv4) && has_family(packet.to, Family::ipv4);
  const bool is_ipv6 = has_family(packet.from, Family::ipv6) && has_family(packet.to, Family::ipv6);
  if (!is_ipv4 && !is_ipv6) {
    map.error("\"from\" and \"to\" are of different address families");
    return;
  }
  const Family family = is_ipv4 ? Family::ipv4 : Family::ipv6;
  keep_family(packet.from, family);
  keep_family(packet.to, family);
  check_one_address(map, "from", packet.from);
  check_one_address(map, "to", packet.to);
  const std::uint8_t foreign = is_ipv4 ? kIcmpv6 : kIcmp;
  std::erase_if(packet.services, [&](const ServiceTerm& term) {
    return packet.services.size() > 1 && term.protocol == foreign;
  });
}

void check_one_service(const yaml::Map& map, const TestPacket& packet, std::string_view text) {
  if (text.empty()) {
    if (!map.has("service")) map.error("\"service\" is missing: a packet has one");
    return;
  }
  const bool is_one = packet.services.size() == 1 &&
                      (packet.services[0].first == packet.services[0].last ||
                       (!has_ports(packet.services[0].protocol) && packet.services[0].first == 0));
  if (is_one) return;
  std::vector<std::string> terms;
  terms.reserve(packet.services.size());
  for (const ServiceTerm& term : packet.services)
    terms.push_back(to_string(term));
  map.error(packet.services.empty() ? "\"service\" is any; a packet has one protocol and port"
                                    : fmt::format("\"service\" is several ({}); a packet has one",
                                                  fmt::join(terms, ", ")));
}

void check_packet(const yaml::Map& map, TestPacket& packet, std::string_view services_text) {
  if (!map.has("from")) map.error("\"from\" is missing: a packet has a source");
  if (!map.has("to")) map.error("\"to\" is missing: a packet has a destination");
  if (!packet.in && !map.has("in") && map.has("from"))
    map.error("\"in\" is missing: the zone it comes in from");
  if (!packet.to_zones.empty()) map.error("\"to\" is a zone; a packet has one address");
  if (packet.from.ranges.empty() && map.has("from") && packet.from.is_anyone() &&
      packet.in != kHost) {
    map.error("\"from\" stands for every address; a packet has one");
  }
  narrow_addresses(map, packet);
  check_one_service(map, packet, services_text);
}

}  // namespace

TestPacket parse_test_packet(yaml::Map map, Scope& scope, PolicyTest::Kind kind) {
  TestPacket packet;
  Services services;
  const auto direction = [&](const yaml::Value& value, ZoneId& zone) {
    return read_direction(value, scope, zone);
  };
  map.optional("in", packet.in, direction);
  map.optional("out", packet.out, direction);
  map.optional("from", packet, [&](const yaml::Value& value, TestPacket& target) {
    return read_from(value, scope, target);
  });
  map.optional("to", packet, [&](const yaml::Value& value, TestPacket& target) {
    return read_to(value, scope, target);
  });
  map.optional("service", services, [&](const yaml::Value& value, Services& target) {
    return scope.services.read(value, AnyService::allowed, target);
  });
  packet.services = services.terms;
  Repeat repeat;
  map.optional("repeat", repeat, yaml::converted(parse_repeat));
  packet.repeat = repeat.count;
  packet.within = repeat.within;
  if (kind == PolicyTest::Kind::packet) {
    check_packet(map, packet, services.text);
  } else if (map.has("repeat")) {
    map.error("\"repeat\" goes with \"packet\"");
  }
  if (packet.in == kHost && (packet.to_host || packet.out == kHost))
    map.error("goes from this host to this host, which is always allowed");
  if (packet.out == kHost) packet.to_host = true;
  return std::move(map).finish(std::move(packet));
}

}  // namespace ravelin::policies
