// Addresses that are rewritten: forward and redirect on the way in, masquerade and snat on the way
// out, and the allow that each forward brings along.
#include "firewall/compile/lowering.h"
#include "policies/model/meaning.h"

#include <algorithm>
#include <iterator>

namespace ravelin::firewall {
namespace {

using base::Family;
using policies::NatRule;
using policies::ZoneId;

constexpr std::int32_t kDstNat = -100;
constexpr std::int32_t kSrcNat = 100;
constexpr std::uint32_t kRtnLocal = 2;  // linux/rtnetlink.h
constexpr Family kNatFamilies[] = {Family::ipv4, Family::ipv6};

bool is_inbound(const NatRule& nat) {
  return nat.kind == NatRule::Kind::forward || nat.kind == NatRule::Kind::redirect;
}

bool has_family(const NatRule& nat, Family family) {
  return family == Family::ipv4 ? nat.ipv4 : nat.ipv6;
}

const base::IpAddress* target(const NatRule& nat, Family family) {
  const auto found = std::find_if(nat.to.begin(), nat.to.end(),
                                  [&](const auto& to) { return to.family == family; });
  return found == nat.to.end() ? nullptr : &*found;
}

bool is_live(const Lowering& lowering, const NatRule& nat) {
  return !nat.until || *nat.until > lowering.options.now;
}

bool is_of(Family family, const policies::ServiceTerm& term) {
  return family == Family::ipv4 ? term.protocol != policies::kIcmpv6
                                : term.protocol != policies::kIcmp;
}

Bytes number_bytes(Field field, std::uint16_t number) {
  if (info(field).bytes == 1) return {static_cast<std::uint8_t>(number)};
  return port_bytes(number);
}

// Protocol and port or ICMP type as plain matches; a range is one.
std::vector<Statement> term_matches(const policies::ServiceTerm& term, Field port) {
  const bool is_icmp = term.protocol == policies::kIcmp,
             is_icmp6 = term.protocol == policies::kIcmpv6;
  const Field field = is_icmp ? Field::icmp_type : is_icmp6 ? Field::icmpv6_type : port;
  std::vector<Statement> statements{Match{Field::l4proto, Comparison::equal, {term.protocol}}};
  if (term.first == 0 && term.last == 65535) return statements;
  if (term.first == term.last)
    statements.emplace_back(Match{field, Comparison::equal, number_bytes(field, term.first)});
  else
    statements.emplace_back(
        MatchRange{field, false, number_bytes(field, term.first), number_bytes(field, term.last)});
  return statements;
}

// The services of an entry in one family, as alternatives; `port` is where the port stands.
std::vector<std::vector<Statement>> service_matches(const NatRule& nat, Family family, Field port) {
  if (nat.services.empty()) return {{}};
  std::vector<std::vector<Statement>> alternatives;
  for (const policies::ServiceTerm& term : nat.services) {
    if (is_of(family, term)) alternatives.push_back(term_matches(term, port));
  }
  return alternatives;
}

Match family_match(Family family) {
  constexpr std::uint8_t kNfproto4 = 2, kNfproto6 = 10;  // NFPROTO_IPV4, NFPROTO_IPV6
  return {Field::nfproto, Comparison::equal, {family == Family::ipv4 ? kNfproto4 : kNfproto6}};
}

// The set of sources a nat entry is about in one family: a lookup, nothing for everyone, or no
// entry.
struct Sources {
  bool is_nobody = false;
  std::optional<Lookup> lookup;
};

Sources sources_of(Lowering& lowering, const NatRule& nat, Family family) {
  if (nat.from.is_anyone()) return {};
  const std::string set = lowering.add_ranges(fmt::format("nat_{}", nat.pos.line),
                                              policies::in_family(nat.from.ranges, family));
  if (set.empty()) return {true, {}};
  return {false, Lookup{saddr_key(family), set}};
}

void append_inbound(Lowering& lowering, const NatRule& nat, Family family, Chain& chain) {
  const base::IpAddress* to = target(nat, family);
  if (nat.kind == NatRule::Kind::forward && to == nullptr) return;
  const Sources sources = sources_of(lowering, nat, family);
  if (sources.is_nobody) return;
  for (std::vector<Statement>& service : service_matches(nat, family, Field::th_dport)) {
    std::vector<Statement> statements{family_match(family)};
    if (sources.lookup) statements.emplace_back(*sources.lookup);
    std::move(service.begin(), service.end(), std::back_inserter(statements));
    if (nat.kind == NatRule::Kind::redirect) {
      statements.emplace_back(Counter{});
      statements.emplace_back(Redirect{nat.to_port});
    } else {
      // Only what is sent to this host itself, not what passes through.
      statements.emplace_back(
          Match{Field::fib_daddr_type, Comparison::equal, host_order(kRtnLocal)});
      statements.emplace_back(Counter{});
      statements.emplace_back(Nat{Nat::Kind::dnat, *to, nat.to_port});
    }
    chain.rules.push_back({std::move(statements), provenance(nat.pos, nat.id), nat.pos});
  }
}

void append_outbound(Lowering& lowering, const NatRule& nat, Family family, Chain& chain) {
  const base::IpAddress* to = target(nat, family);
  if (nat.kind == NatRule::Kind::snat && to == nullptr) return;
  const Sources sources = sources_of(lowering, nat, family);
  if (sources.is_nobody) return;
  std::vector<Statement> statements{family_match(family)};
  if (sources.lookup) statements.emplace_back(*sources.lookup);
  statements.emplace_back(Counter{});
  if (nat.kind == NatRule::Kind::snat)
    statements.emplace_back(Nat{Nat::Kind::snat, *to, {}});
  else
    statements.emplace_back(Masquerade{});
  chain.rules.push_back({std::move(statements), provenance(nat.pos, nat.id), nat.pos});
}

// A chain for each zone that entries of one direction name, and the map that leads there.
void lower_direction(Lowering& lowering, bool inbound, Chain base) {
  const Field field = inbound ? Field::iifname : Field::oifname;
  std::vector<InterfaceVerdict> patterns;
  bool is_needed = false;
  for (std::size_t i = 0; i < lowering.policy.zones.size(); ++i) {
    const policies::Zone& zone = lowering.policy.zones[i];
    Chain chain{.name = lowering.name(fmt::format("{}_{}", inbound ? "dnat" : "snat", zone.name))};
    for (const NatRule& nat : lowering.policy.nat) {
      const bool is_here =
          std::find(nat.via.begin(), nat.via.end(), static_cast<ZoneId>(i)) != nat.via.end();
      if (!is_here || is_inbound(nat) != inbound || !is_live(lowering, nat)) continue;
      for (const Family family : kNatFamilies) {
        if (!has_family(nat, family)) continue;
        inbound ? append_inbound(lowering, nat, family, chain)
                : append_outbound(lowering, nat, family, chain);
      }
    }
    const bool is_empty = chain.rules.empty();
    is_needed = is_needed || !is_empty;
    for (const std::string& pattern : zone.interfaces)
      patterns.push_back({pattern, is_empty ? accept() : go_to(chain.name)});
    if (!is_empty) lowering.add_chain(std::move(chain));
  }
  if (!is_needed) return;
  append_by_interface(lowering, base, field, inbound ? "dnat_in" : "snat_out", patterns);
  lowering.add_chain(std::move(base));
}

// One for all zones it arrives from, so that its limits are too.
Verdict lower_forward_allow(Lowering& lowering, const NatRule& nat) {
  if (const auto known = lowering.allows.find(&nat); known != lowering.allows.end())
    return known->second;
  const std::string wish =
      nat.id.empty() ? fmt::format("{}_{}", nat.pos.line, nat.pos.column) : nat.id;
  Chain chain{.name = lowering.name(fmt::format("n_{}", wish))};
  if (nat.limit)
    chain.rules.push_back(
        {{limit_of(*nat.limit, true), come_back()}, provenance(nat.pos, nat.id), nat.pos});
  lower_per_source(lowering, nat.per_source, nat.pos, wish, chain);
  chain.rules.push_back({{Counter{}, accept()}, provenance(nat.pos, nat.id), nat.pos});
  Verdict action = jump_to(chain.name);
  lowering.add_chain(std::move(chain));
  lowering.allows.emplace(&nat, action);
  return action;
}

}  // namespace

void lower_nat(Lowering& lowering) {
  Chain pre{.name = lowering.name("pre_nat")};
  pre.hook = Hook{Hook::Type::nat, Hook::Point::prerouting, kDstNat, Hook::Policy::accept};
  lower_direction(lowering, true, std::move(pre));
  Chain post{.name = lowering.name("post_nat")};
  post.hook = Hook{Hook::Type::nat, Hook::Point::postrouting, kSrcNat, Hook::Policy::accept};
  lower_direction(lowering, false, std::move(post));
}

std::optional<Verdict> lower_forwarded(Lowering& lowering, ZoneId via) {
  constexpr std::uint32_t kStatusDnat = 32;  // IPS_DST_NAT
  Chain chain{
      .name = lowering.name(fmt::format("fwd_nat_{}", policies::name_of(lowering.policy, via)))};
  for (const NatRule& nat : lowering.policy.nat) {
    const bool is_here = std::find(nat.via.begin(), nat.via.end(), via) != nat.via.end();
    if (nat.kind != NatRule::Kind::forward || !is_here || !is_live(lowering, nat)) continue;
    const Verdict action = lower_forward_allow(lowering, nat);
    for (const Family family : kNatFamilies) {
      const base::IpAddress* to = target(nat, family);
      if (to == nullptr || !has_family(nat, family)) continue;
      const Sources sources = sources_of(lowering, nat, family);
      if (sources.is_nobody) continue;
      // By the port it was sent to: two entries may lead to one port of one address.
      for (std::vector<Statement>& service :
           service_matches(nat, family, Field::ct_original_dport)) {
        std::vector<Statement> statements{
            Match{Field::ct_status, Comparison::has_any, host_order(kStatusDnat)}};
        if (sources.lookup) statements.emplace_back(*sources.lookup);
        statements.emplace_back(Match{family == Family::ipv4 ? Field::ip_daddr : Field::ip6_daddr,
                                      Comparison::equal, address_bytes(*to)});
        std::move(service.begin(), service.end(), std::back_inserter(statements));
        statements.emplace_back(action);
        chain.rules.push_back({std::move(statements), provenance(nat.pos, nat.id), nat.pos});
      }
    }
  }
  if (chain.rules.empty()) return std::nullopt;
  Verdict verdict = jump_to(chain.name);
  lowering.add_chain(std::move(chain));
  return verdict;
}

}  // namespace ravelin::firewall
