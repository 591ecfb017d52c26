#include "policies/parse/parse_zones.h"

#include "base/check.h"

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::policies {
namespace {

constexpr std::size_t kInterfacesMax = 64;  // of one zone

Zone parse_zone(yaml::Map map, const Named& named, std::string_view name, Scope& scope) {
  Zone zone;
  map.required("interfaces", zone.interfaces,
               yaml::one_or_list_of(yaml::converted(parse_interface), 1, kInterfacesMax));
  // Names may refer to these networks before this entry is read, so they are read by name.
  map.optional("networks", zone.networks, [&](const yaml::Value&, AddressRanges& networks) {
    networks = scope.addresses.resolve(named, name).ranges;
    return true;
  });
  map.optional("owner", zone.owner, yaml::text(1, kNameMax));
  return std::move(map).finish(std::move(zone));
}

void check_interfaces(const yaml::Value& section, const std::vector<Zone>& zones) {
  std::map<std::string_view, std::size_t> owners;
  for (std::size_t i = 0; i < zones.size(); ++i) {
    for (const std::string& interface : zones[i].interfaces) {
      const auto [owner, is_new] = owners.emplace(interface, i);
      if (is_new) continue;
      section.member(i).error(owner->second == i
                                  ? fmt::format("interface \"{}\" is named twice", interface)
                                  : fmt::format("interface \"{}\" is already in zone \"{}\"",
                                                interface, zones[owner->second].name));
    }
  }
}

struct Network {
  AddressRange range;
  std::size_t zone;
};

// Addresses every link has for itself, and those of machines that have none yet.
AddressRanges of_any_link() {
  std::vector<AddressRange> ranges;
  for (const std::string_view text : {"0.0.0.0", "169.254.0.0/16", "::", "fe80::/10"}) {
    const auto prefix = base::parse_prefix(text);
    CHECK(prefix.has_value());
    ranges.push_back(range_of(*prefix));
  }
  return normalised(std::move(ranges));
}

}  // namespace

bool read_zone_section(const yaml::Value& value, Scope& scope, std::vector<Zone>& zones) {
  if (!yaml::expect(value, yaml::Kind::map)) return false;
  const auto count = static_cast<std::size_t>(scope.names.zone_count());
  for (std::size_t i = 0; i < count; ++i) {
    const yaml::Member& member = value.node().members[i];
    const yaml::Value entry = value.member(i);
    Zone zone;
    const Named* named = scope.names.find(member.key, NameKind::zone);
    if (named != nullptr && yaml::expect(entry, yaml::Kind::map))
      zone = parse_zone(yaml::Map(entry), *named, member.key, scope);
    zone.name = member.key;
    zone.pos = member.mark.pos();
    zones.push_back(std::move(zone));
  }
  return true;
}

bool check_address_section(const yaml::Value& value, Scope& scope) {
  if (!yaml::expect(value, yaml::Kind::map)) return false;
  for (const yaml::Member& member : value.node().members) {
    const Named* named = scope.names.find(member.key, NameKind::addresses);
    if (named != nullptr) scope.addresses.resolve(*named, member.key);
  }
  return true;
}

bool check_service_section(const yaml::Value& value, Scope& scope) {
  if (!yaml::expect(value, yaml::Kind::map)) return false;
  for (const yaml::Member& member : value.node().members) {
    const Named* named = scope.names.find(member.key, NameKind::service);
    if (named != nullptr) scope.services.resolve(*named, member.key);
  }
  return true;
}

void check_zones(const yaml::Value& section, Scope& scope, const std::vector<Zone>& zones) {
  check_interfaces(section, zones);
  const AddressRanges shared = of_any_link();
  std::vector<Network> networks;
  for (std::size_t i = 0; i < zones.size(); ++i) {
    for (const AddressRange& range : difference(zones[i].networks, shared))
      networks.push_back({range, i});
  }
  std::ranges::sort(networks, {}, &Network::range);
  std::set<std::pair<std::size_t, std::size_t>> told;
  const Network* widest = nullptr;  // of those before, the one that reaches furthest
  for (const Network& network : networks) {
    if (widest != nullptr && widest->zone != network.zone &&
        widest->range.contains(network.range.first)) {
      const auto pair = std::minmax(widest->zone, network.zone);
      if (told.emplace(pair).second) {
        scope.addresses.warn(section.member(pair.second),
                             fmt::format("network {} is also in zone \"{}\"",
                                         to_string(network.range), zones[pair.first].name));
      }
    }
    if (widest == nullptr || widest->range.last < network.range.last) widest = &network;
  }
}

}  // namespace ravelin::policies
