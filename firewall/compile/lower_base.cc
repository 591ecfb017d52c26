// The base chains every packet enters by, and the way from there to the chain of its pair of zones.
#include "firewall/compile/lowering.h"
#include "policies/model/meaning.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using policies::kHost;
using policies::ZoneId;

constexpr std::string_view kStates = "ct_states", kForwardStates = "ct_states_fwd",
                           kOutputStates = "ct_states_out";
constexpr std::string_view kEssential = "icmp6_link", kEssentialForwarded = "icmp6_path";
constexpr int kLookupsToPair = 2;  // state, zone

// Known connections pass, what conntrack cannot place does not; new ones go on.
void add_states(Lowering& lowering, std::string_view name, const Verdict& invalid) {
  Set map{.name = lowering.name(name), .key = {Field::ct_state}};
  map.is_verdict_map = true;
  constexpr std::uint32_t kInvalid = 1, kEstablished = 2, kRelated = 4;
  map.elements = {{.key = host_order(kInvalid), .verdict = invalid},
                  {.key = host_order(kEstablished), .verdict = accept()},
                  {.key = host_order(kRelated), .verdict = accept()}};
  lowering.add_set(std::move(map));
}

void add_essential(Lowering& lowering, std::string_view name, bool is_forwarded) {
  Set set{.name = lowering.name(name), .key = {Field::icmpv6_type}};
  for (int type = 0; type < 256; ++type) {
    const auto number = static_cast<std::uint8_t>(type);
    if (policies::is_essential_icmpv6(number, is_forwarded))
      set.elements.push_back({.key = {number}});
  }
  lowering.add_set(std::move(set));
}

Chain base_chain(Lowering& lowering, std::string_view name, Hook::Point point,
                 std::int32_t priority) {
  Chain chain{.name = lowering.name(name)};
  chain.hook = Hook{Hook::Type::filter, point, priority, Hook::Policy::drop};
  return chain;
}

void append_loopback(Chain& chain, Field field) {
  chain.rules.push_back({{interface_match(field, "lo"), accept()}, {}, {}});
}

void append_states(Chain& chain, std::string_view states) {
  chain.rules.push_back({{VerdictLookup{{{Field::ct_state, 0}}, std::string(states)}}, {}, {}});
}

void append_essential(Lowering& lowering, Chain& chain, std::string_view essential) {
  if (lowering.policy.is_icmp_strict) return;
  if (lowering.out.ruleset.find_set(essential) == nullptr)
    add_essential(lowering, essential, essential == kEssentialForwarded);
  chain.rules.push_back(
      {{Lookup{{{Field::icmpv6_type, 0}}, std::string(essential)}, Counter{}, accept()},
       "essential ICMPv6",
       {}});
}

void append_end(Chain& chain, std::string_view why) {
  chain.rules.push_back({{Counter{}, drop()}, std::string(why), {}});
}

// interface vmap to a chain for each zone.
void append_dispatch(Lowering& lowering, Chain& chain, Field field, std::string_view wish,
                     std::span<const Verdict> verdict_of_zone) {
  std::vector<InterfaceVerdict> patterns;
  for (std::size_t i = 0; i < lowering.policy.zones.size(); ++i) {
    for (const std::string& pattern : lowering.policy.zones[i].interfaces)
      patterns.push_back({pattern, verdict_of_zone[i]});
  }
  append_by_interface(lowering, chain, field, wish, patterns);
}

std::vector<ZoneId> zones_of(const Lowering& lowering) {
  std::vector<ZoneId> zones;
  for (std::size_t i = 0; i < lowering.policy.zones.size(); ++i)
    zones.push_back(static_cast<ZoneId>(i));
  return zones;
}

void lower_input(Lowering& lowering) {
  std::vector<Verdict> verdicts;
  for (const ZoneId zone : zones_of(lowering))
    verdicts.push_back(go_to(lower_pair(lowering, zone, kHost)));
  Chain chain = base_chain(lowering, "input", Hook::Point::input, 0);
  append_loopback(chain, Field::iifname);
  append_states(chain, kStates);
  // Before bans by packets: one neighbour must not cost its whole link address resolution.
  append_essential(lowering, chain, kEssential);
  append_packet_bans(lowering, chain);
  append_synproxy(lowering, chain);
  append_overload(lowering, chain);
  append_dispatch(lowering, chain, Field::iifname, "zone_in", verdicts);
  append_end(chain, "from an interface in no zone");
  lowering.add_chain(std::move(chain));
}

void lower_output(Lowering& lowering) {
  if (!policies::governs_output(lowering.policy)) return;
  std::vector<Verdict> verdicts;
  for (const ZoneId zone : zones_of(lowering))
    verdicts.push_back(go_to(lower_pair(lowering, kHost, zone)));
  if (has_synproxy(lowering)) add_states(lowering, kOutputStates, drop());
  Chain chain = base_chain(lowering, "output", Hook::Point::output, 0);
  append_loopback(chain, Field::oifname);
  append_synproxy_answers(lowering, chain);
  append_states(chain, has_synproxy(lowering) ? kOutputStates : kStates);
  append_essential(lowering, chain, kEssential);
  append_dispatch(lowering, chain, Field::oifname, "zone_out", verdicts);
  append_end(chain, "to an interface in no zone");
  lowering.add_chain(std::move(chain));
}

// What comes in from one zone, by the zone it goes to; then, where no rule decides, forwards of its
// own.
Verdict lower_forward_from(Lowering& lowering, ZoneId from) {
  const std::string zone(policies::name_of(lowering.policy, from));
  const std::optional<Verdict> forwarded = lower_forwarded(lowering, from);
  std::vector<Verdict> verdicts;
  for (const ZoneId to : zones_of(lowering))
    verdicts.push_back(go_to(lower_pair(lowering, from, to, forwarded)));
  Chain chain{.name = lowering.name(fmt::format("fwd_{}", zone))};
  append_essential(lowering, chain, kEssentialForwarded);
  append_packet_bans(lowering, chain);
  append_dispatch(lowering, chain, Field::oifname, fmt::format("fwd_{}", zone), verdicts);
  if (forwarded) chain.rules.push_back({{*forwarded}, {}, {}});
  append_end(chain, fmt::format("{} -> an interface in no zone", zone));
  Verdict verdict = go_to(chain.name);
  lowering.add_chain(std::move(chain));
  return verdict;
}

// What conntrack cannot place is dropped where one side is in a zone.
Verdict lower_forward_invalid(Lowering& lowering) {
  Chain chain{.name = lowering.name("fwd_invalid")};
  const std::vector<Verdict> denied(lowering.policy.zones.size(), drop());
  append_dispatch(lowering, chain, Field::iifname, "invalid_in", denied);
  append_dispatch(lowering, chain, Field::oifname, "invalid_out", denied);
  chain.rules.push_back({{accept()}, {}, {}});
  Verdict verdict = go_to(chain.name);
  lowering.add_chain(std::move(chain));
  return verdict;
}

// From an interface in no zone into a zone.
Verdict lower_forward_into(Lowering& lowering) {
  Chain chain{.name = lowering.name("fwd_from_none")};
  append_essential(lowering, chain, kEssentialForwarded);
  append_packet_bans(lowering, chain);
  append_end(chain, "from an interface in no zone");
  Verdict verdict = go_to(chain.name);
  lowering.add_chain(std::move(chain));
  return verdict;
}

void lower_forward(Lowering& lowering) {
  if (!policies::forwards(lowering.policy)) return;
  constexpr std::int32_t kBeforeDocker = -1;
  add_states(lowering, kForwardStates, lower_forward_invalid(lowering));
  std::vector<Verdict> verdicts;
  for (const ZoneId zone : zones_of(lowering))
    verdicts.push_back(lower_forward_from(lowering, zone));
  Chain chain = base_chain(lowering, "forward", Hook::Point::forward, kBeforeDocker);
  append_loopback(chain, Field::iifname);
  append_states(chain, kForwardStates);
  append_dispatch(lowering, chain, Field::iifname, "fwd_in", verdicts);
  // From an interface in no zone: into a zone it is ours, else it is not; so what looks at more
  // than interfaces and known connections stands behind this.
  const std::vector<Verdict> into(lowering.policy.zones.size(), lower_forward_into(lowering));
  append_dispatch(lowering, chain, Field::oifname, "fwd_out", into);
  chain.rules.push_back({{Counter{}, accept()}, "between interfaces in no zone: not ours", {}});
  lowering.add_chain(std::move(chain));
}

void finish_depth(Lowering& lowering) {
  for (PairDepth& depth : lowering.out.depth) {
    const bool is_forwarded = depth.from != kHost && depth.to != kHost;
    depth.lookups += kLookupsToPair + (is_forwarded ? 1 : 0) + (lowering.bans_by_packet ? 1 : 0);
  }
}

}  // namespace

void lower_base(Lowering& lowering) {
  add_states(lowering, kStates, lower_unplaced(lowering));
  lower_input(lowering);
  lower_forward(lowering);
  lower_output(lowering);
  finish_depth(lowering);
}

}  // namespace ravelin::firewall
