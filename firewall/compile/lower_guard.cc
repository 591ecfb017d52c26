// What is dropped before conntrack sees it: banned sources and spoofed ones.
#include "firewall/compile/lowering.h"

namespace ravelin::firewall {
namespace {

using base::Family;

constexpr std::int32_t kRaw = -300;
constexpr Family kGuardFamilies[] = {Family::ipv4, Family::ipv6};

std::uint32_t ban_size(const Lowering& lowering) {
  return static_cast<std::uint32_t>(lowering.policy.bans.size);
}

Set ban_set(std::string_view name, Family family, std::uint32_t size) {
  Set set{.name = std::string(name), .key = {saddr_key(family).front().field}};
  set.has_timeout = true;
  set.is_external = true;
  set.size = size;
  return set;
}

void add_ban_sets(Lowering& lowering, Chain& raw) {
  constexpr std::uint32_t kRangesMax = 65'535;

  constexpr struct {
    std::string_view hosts, ranges, packets;
  } kNames[] = {{set_names::kBan4, set_names::kBan4Net, set_names::kPacketBan4},
                {set_names::kBan6, set_names::kBan6Net, set_names::kPacketBan6}};

  for (const Family family : kGuardFamilies) {
    const auto& names = kNames[static_cast<std::size_t>(family)];
    lowering.add_set(ban_set(names.hosts, family, ban_size(lowering)));
    Set ranges = ban_set(names.ranges, family, kRangesMax);
    ranges.is_interval = true;
    lowering.add_set(std::move(ranges));
    raw.rules.push_back(
        {{Lookup{source_key(family), std::string(names.hosts)}, Counter{}, drop()}, "banned", {}});
    raw.rules.push_back(
        {{Lookup{saddr_key(family), std::string(names.ranges)}, Counter{}, drop()}, "banned", {}});
    if (!lowering.bans_by_packet) continue;
    Set packets = ban_set(names.packets, family, ban_size(lowering));
    packets.is_external = false;
    packets.is_dynamic = true;
    lowering.add_set(std::move(packets));
  }
}

// Sources of a link that are nobody's: DHCP before it has an address, IPv6 link-local and duplicate
// address detection.
policies::AddressRanges with_link_sources(const policies::AddressRanges& networks) {
  policies::AddressRanges all = networks;
  for (const std::string_view text : {"0.0.0.0/32", "::/128", "fe80::/10"})
    all.push_back(policies::range_of(*base::parse_prefix(text)));
  return policies::normalised(std::move(all));
}

std::string add_spoof_chain(Lowering& lowering, const policies::Zone& zone) {
  Chain chain{.name = lowering.name(fmt::format("from_{}", zone.name))};
  const policies::AddressRanges allowed = with_link_sources(zone.networks);
  for (const Family family : kGuardFamilies) {
    const std::string set =
        lowering.add_ranges(fmt::format("net{}_{}", family == Family::ipv4 ? 4 : 6, zone.name),
                            policies::in_family(allowed, family));
    chain.rules.push_back(
        {{Lookup{saddr_key(family), set}, accept()}, provenance(zone.pos, zone.name), zone.pos});
  }
  chain.rules.push_back(
      {{Counter{}, drop()}, provenance(zone.pos, "spoofed, not of " + zone.name), zone.pos});
  std::string name = chain.name;
  lowering.add_chain(std::move(chain));
  return name;
}

void add_spoof_check(Lowering& lowering, Chain& raw) {
  std::vector<InterfaceVerdict> patterns;
  bool is_needed = false;
  for (const policies::Zone& zone : lowering.policy.zones) {
    // A zone without networks stands in the map as well: it may be the more specific one.
    is_needed = is_needed || !zone.networks.empty();
    const Verdict verdict =
        zone.networks.empty() ? accept() : go_to(add_spoof_chain(lowering, zone));
    for (const std::string& pattern : zone.interfaces)
      patterns.push_back({pattern, verdict});
  }
  if (!is_needed) return;
  append_by_interface(lowering, raw, Field::iifname, "spoof", patterns);
}

// Sources that no rule bans: those of the policy, of its management, those the caller names, and
// those of a link, which all of it share.
void add_never_sets(Lowering& lowering) {
  if (!lowering.bans_by_packet) return;
  policies::AddressRanges never = lowering.options.never;
  if (const auto& management = lowering.policy.management)
    never.insert(never.end(), management->from.ranges.begin(), management->from.ranges.end());
  never = with_link_sources(never);
  for (const Family family : kGuardFamilies)
    lowering.add_ranges(never_set(family), policies::in_family(lowering.policy.bans.never, family),
                        policies::in_family(never, family));
}

}  // namespace

void lower_guard(Lowering& lowering) {
  Chain raw{.name = lowering.name("raw_pre")};
  raw.hook = Hook{Hook::Type::filter, Hook::Point::prerouting, kRaw, Hook::Policy::accept};
  raw.rules.push_back({{interface_match(Field::iifname, "lo"), accept()}, {}, {}});
  add_never_sets(lowering);
  add_ban_sets(lowering, raw);
  add_spoof_check(lowering, raw);
  lowering.add_chain(std::move(raw));
}

void append_packet_bans(const Lowering& lowering, Chain& chain) {
  if (!lowering.bans_by_packet) return;
  for (const Family family : kGuardFamilies) {
    const std::string set(family == Family::ipv4 ? set_names::kPacketBan4 : set_names::kPacketBan6);
    std::vector<Statement> statements{Lookup{source_key(family), set}};
    // A ban is of a whole /64: who is in `never` passes beside a banned neighbour.
    if (lowering.out.ruleset.find_set(never_set(family)) != nullptr)
      statements.emplace_back(Lookup{saddr_key(family), std::string(never_set(family)), true});
    statements.emplace_back(Counter{});
    statements.emplace_back(drop());
    chain.rules.push_back({std::move(statements), "banned by a rule", {}});
  }
}

}  // namespace ravelin::firewall
