#include "policies/parse/parse_nat.h"

#include "base/io/yaml_text.h"
#include "base/text.h"
#include "policies/parse/attributes.h"
#include "policies/parse/moments.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kNatMax = 10'000;
constexpr std::uint64_t kNatPortMax = 65535;

using base::Family;
using base::IpAddress;

// "nas:22", "192.168.10.5:22", "[2001:db8::1]:22", "nas", "2001:db8::1".
struct Target {
  std::string address;
  std::optional<std::uint16_t> port;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = base::parse_u64(text);
  if (!port || *port < 1 || *port > kNatPortMax) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::optional<Target> parse_target(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    Target target{std::string(text.substr(1, close - 1)), std::nullopt};
    if (close + 1 == text.size()) return target;
    if (text[close + 1] != ':') return std::nullopt;
    target.port = parse_port(text.substr(close + 2));
    return target.port ? std::optional(target) : std::nullopt;
  }
  const std::size_t colon = text.find(':');
  const bool has_port =
      colon != std::string_view::npos && colon == text.rfind(':') && !text.starts_with("pd(");
  if (!has_port) return Target{std::string(text), std::nullopt};
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  return Target{std::string(text.substr(0, colon)), port};
}

// Single addresses, at most one of each family.
bool set_addresses(const yaml::Value& value, const AddressMatch& match, NatRule& nat) {
  std::size_t of_family[2] = {0, 0};
  for (const AddressRange& range : match.ranges) {
    const bool is_single = range.first == range.last;
    if (!is_single || ++of_family[range.first.family == Family::ipv6 ? 1 : 0] > 1) {
      value.error(fmt::format("{} names several addresses of one family; one is wanted",
                              yaml::quote(value.node().text)));
      return false;
    }
    nat.to.push_back(range.first);
  }
  if (match.is_anyone()) value.error("stands for every address; one is wanted");
  return !match.is_anyone();
}

// The addresses behind `text`, which is what stands in `value` less the port.
bool read_addresses(const yaml::Value& value, const std::string& text, Scope& scope, NatRule& nat) {
  yaml::TreeNode node = value.node();
  node.text = text;
  AddressMatch match;
  const yaml::Value address(value.report(), node, value.path());
  return scope.addresses.read(address, AddressUse::plain, match) &&
         set_addresses(value, match, nat);
}

bool read_forward_target(const yaml::Value& value, Scope& scope, NatRule& nat) {
  if (!value.is(yaml::Kind::scalar)) {
    AddressMatch match;
    return scope.addresses.read(value, AddressUse::plain, match) &&
           set_addresses(value, match, nat);
  }
  const auto target = parse_target(value.node().text);
  if (!target) {
    value.error(
        fmt::format("{} is not an address or name with a port (\"nas:22\", "
                    "\"[2001:db8::1]:22\"; port is 1 to 65535)",
                    yaml::quote(value.node().text)));
    return false;
  }
  nat.to_port = target->port;
  return read_addresses(value, target->address, scope, nat);
}

bool read_redirect_target(const yaml::Value& value, NatRule& nat) {
  const std::string* text = value.scalar("host, or host:PORT");
  if (text == nullptr) return false;
  const auto target = parse_target(*text);
  if (!target || target->address != kHostWord) {
    value.error(fmt::format("{} is not host or host:PORT; to other machines it is \"forward\"",
                            yaml::quote(*text)));
    return false;
  }
  nat.to_port = target->port;
  return true;
}

void read_services(yaml::Map& map, std::string_view key, Scope& scope, NatRule& nat) {
  map.optional(key, nat, [&](const yaml::Value& value, NatRule& target) {
    Services services;
    const bool is_good = scope.services.read(value, AnyService::allowed, services);
    target.services = std::move(services.terms);
    target.services_text = std::move(services.text);
    return is_good;
  });
}

void check_port(const yaml::Map& map, const NatRule& nat) {
  if (!nat.to_port) return;
  const bool is_one_port_each =
      !nat.services.empty() && std::ranges::all_of(nat.services, [](const ServiceTerm& term) {
        return has_ports(term.protocol) && term.first == term.last;
      });
  if (!is_one_port_each)
    map.error("a port in \"to\" needs services of one port each; without, the port stays");
}

// Both families unless `family` says otherwise, and none that `to` has no address of.
void set_families(const yaml::Map& map, Families families, NatRule& nat) {
  const auto has = [&](Family family) {
    return nat.to.empty() ||
           std::ranges::any_of(nat.to, [&](const IpAddress& to) { return to.family == family; });
  };
  nat.ipv4 = families != Families::ipv6 && has(Family::ipv4);
  nat.ipv6 = families != Families::ipv4 && has(Family::ipv6);
  if (!nat.ipv4 && !nat.ipv6) map.error("\"to\" has no address of that \"family\"");
}

std::optional<NatRule::Kind> kind_of(const yaml::Map& map) {
  constexpr std::pair<std::string_view, NatRule::Kind> kKinds[] = {
      {"masquerade", NatRule::Kind::masquerade},
      {"snat", NatRule::Kind::snat},
      {"forward", NatRule::Kind::forward},
      {"redirect", NatRule::Kind::redirect},
  };

  std::optional<NatRule::Kind> found;
  int count = 0;
  for (const auto& [word, kind] : kKinds) {
    if (!map.has(word)) continue;
    found = kind;
    ++count;
  }
  if (count == 1) return found;
  map.error(count == 0 ? "does nothing: write one of masquerade, snat, forward and redirect"
                       : "does several things: keep one of masquerade, snat, forward and redirect");
  return std::nullopt;
}

// What each kind has beside `from`, `family`, `until` and `id`; the rest is said to be foreign.
void check_keys(const yaml::Map& map, NatRule::Kind kind) {
  const bool is_source = kind == NatRule::Kind::masquerade || kind == NatRule::Kind::snat;
  const bool is_forward = kind == NatRule::Kind::forward;

  const struct {
    std::string_view key;
    bool may_be;
    bool must_be;
  } keys[] = {
      {"via", !is_source, !is_source},
      {"to", kind != NatRule::Kind::masquerade, is_forward || kind == NatRule::Kind::snat},
      {"limit", is_forward, false},
      {"per_source", is_forward, false},
  };

  for (const auto& [key, may_be, must_be] : keys) {
    if (map.has(key) && !may_be)
      map.error(fmt::format("\"{}\" does not go with this kind of nat", key));
    if (!map.has(key) && must_be) map.error(fmt::format("\"{}\" is missing", key));
  }
}

void read_target(yaml::Map& map, Scope& scope, NatRule& nat, bool is_known) {
  map.optional("to", nat, [&](const yaml::Value& value, NatRule& target) {
    if (!is_known) return false;
    if (target.kind == NatRule::Kind::redirect) return read_redirect_target(value, target);
    if (target.kind == NatRule::Kind::forward) return read_forward_target(value, scope, target);
    AddressMatch match;
    return scope.addresses.read(value, AddressUse::plain, match) &&
           set_addresses(value, match, target);
  });
}

void read_limits(yaml::Map& map, const Scope& scope, NatRule& nat) {
  LimitText limit;
  map.optional("per_source", nat.per_source, yaml::object([&](yaml::Map each) {
                 return parse_per_source(std::move(each), scope);
               }));
  map.optional("limit", limit, read_limit);
  nat.limit = limit.rate;
  if (!limit.per_source) return;
  if (nat.per_source.new_connections)
    map.error("limits new connections of a source twice: in \"limit\" and in \"per_source\"");
  nat.per_source.new_connections = limit.per_source;
}

NatRule parse_nat(yaml::Map map, Scope& scope) {
  NatRule nat;
  nat.pos = map.pos();
  const auto kind = kind_of(map);
  nat.kind = kind.value_or(NatRule::Kind::masquerade);
  const auto zones = [&](const yaml::Value& value, std::vector<ZoneId>& via) {
    return scope.read_zones(value, via);
  };
  map.optional("masquerade", nat.via, zones);
  map.optional("snat", nat.via, zones);
  read_services(map, "forward", scope, nat);
  read_services(map, "redirect", scope, nat);
  map.optional("via", nat.via, zones);
  map.optional("id", nat.id, scope.unique_id());
  map.optional("from", nat.from, scope.addresses_for(AddressUse::plain));
  Families families = Families::both;
  map.optional("family", families, yaml::one_of(kFamilies));
  read_target(map, scope, nat, kind.has_value());
  read_limits(map, scope, nat);
  map.optional("until", nat.until, yaml::converted(parse_until));
  if (kind) {
    check_keys(map, *kind);
    check_port(map, nat);
    set_families(map, families, nat);
  }
  return std::move(map).finish(std::move(nat));
}

}  // namespace

bool read_nat_section(const yaml::Value& value, Scope& scope, std::vector<NatRule>& nat) {
  return yaml::list_of(
      yaml::object([&](yaml::Map map) { return parse_nat(std::move(map), scope); }), 0, kNatMax)(
      value, nat);
}

}  // namespace ravelin::policies
