#include "firewall/control/trace_filter.h"

#include <cstring>

namespace ravelin::firewall {
namespace {

using base::Family;
using Matches = std::vector<Statement>;

constexpr std::uint32_t kLocal = 2;  // RTN_LOCAL, linux/rtnetlink.h

// Each with every one of the alternatives; none: as they are.
std::vector<Matches> times(const std::vector<Matches>& rules, const std::vector<Matches>& with) {
  if (with.empty()) return rules;
  std::vector<Matches> all;
  for (const Matches& rule : rules) {
    for (const Matches& more : with) {
      if (all.size() > kTraceRulesMax) return all;
      all.push_back(rule);
      all.back().insert(all.back().end(), more.begin(), more.end());
    }
  }
  return all;
}

std::vector<Matches> interfaces(const AskedPacket& asked, const policies::Policy& policy) {
  std::vector<std::string> patterns;
  if (!asked.in_interface.empty())
    patterns = {asked.in_interface};
  else if (asked.words.in && *asked.words.in != policies::kHost)
    patterns = policy.zones.at(static_cast<std::size_t>(*asked.words.in)).interfaces;
  std::vector<Matches> found;
  for (const std::string& pattern : patterns) {
    Match match{.field = Field::iifname};
    match.value.assign(pattern.begin(), pattern.end());
    if (pattern.ends_with('*')) {
      match.value.pop_back();
      match.prefix = static_cast<std::uint8_t>(match.value.size());
      if (match.prefix == 0) return {};
    }
    match.value.resize(info(Field::iifname).bytes);
    found.push_back({match});
  }
  return found;
}

std::vector<Matches> addresses(const policies::AddressMatch& match, Family family, Field field) {
  std::vector<Matches> found;
  for (const policies::AddressRange& range : policies::in_family(match.ranges, family)) {
    for (const base::IpPrefix& prefix : policies::prefixes_of(range)) {
      if (found.size() > kTraceRulesMax) return found;
      Match one{.field = field};
      const std::size_t bytes = info(field).bytes;
      one.value.assign(prefix.address.bytes.begin(),
                       prefix.address.bytes.begin() + static_cast<std::ptrdiff_t>(bytes));
      const bool is_whole = prefix.length == static_cast<int>(bytes) * 8;
      one.prefix = is_whole ? std::uint8_t{0} : static_cast<std::uint8_t>(prefix.length);
      if (prefix.length != 0) found.push_back({one});
    }
  }
  return found;
}

std::vector<Matches> services(const std::vector<policies::ServiceTerm>& terms) {
  std::vector<Matches> found;
  const auto big_endian = [](std::uint16_t port) {
    return Bytes{static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port & 0xff)};
  };
  for (const policies::ServiceTerm& term : terms) {
    Matches one{Match{Field::l4proto, Comparison::equal, {term.protocol}}};
    const bool is_icmp = term.protocol == policies::kIcmp || term.protocol == policies::kIcmpv6;
    if (is_icmp && term.first == term.last) {
      one.emplace_back(
          Match{term.protocol == policies::kIcmp ? Field::icmp_type : Field::icmpv6_type,
                Comparison::equal,
                {static_cast<std::uint8_t>(term.first)}});
    } else if (policies::has_ports(term.protocol)) {
      if (term.first == term.last)
        one.emplace_back(Match{Field::th_dport, Comparison::equal, big_endian(term.first)});
      else
        one.emplace_back(
            MatchRange{Field::th_dport, false, big_endian(term.first), big_endian(term.last)});
    }
    found.push_back(std::move(one));
  }
  return found;
}

// The packet's addresses in one family; none: it has none there.
std::vector<Matches> ends(const AskedPacket& asked, Family family) {
  const bool is_v4 = family == Family::ipv4;
  const auto from = addresses(asked.words.from, family, is_v4 ? Field::ip_saddr : Field::ip6_saddr);
  const auto to = addresses(asked.words.to, family, is_v4 ? Field::ip_daddr : Field::ip6_daddr);
  if ((from.empty() && !asked.words.from.ranges.empty()) ||
      (to.empty() && !asked.words.to.ranges.empty()))
    return {};
  return times(times({{}}, from), to);
}

std::vector<Rule> finished(const std::vector<Matches>& all) {
  std::vector<Rule> rules;
  for (const Matches& matches : all) {
    Rule rule{.statements = matches};
    rule.statements.emplace_back(Limit{.count = 20, .burst = 20});
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

Result<TraceFilter> trace_filter(const AskedPacket& asked, const policies::Policy& policy) {
  std::vector<Matches> both;
  const bool has_addresses = !asked.words.from.ranges.empty() || !asked.words.to.ranges.empty();
  if (has_addresses) {
    both = ends(asked, Family::ipv4);
    const auto v6 = ends(asked, Family::ipv6);
    both.insert(both.end(), v6.begin(), v6.end());
  } else {
    both = {{}};
  }
  both = times(both, services(asked.words.services));
  TraceFilter filter;
  if (asked.words.in == policies::kHost || !asked.words.in) filter.outgoing = finished(both);
  if (asked.words.in != policies::kHost) {
    if (asked.words.to_host && asked.words.to.ranges.empty()) {
      Bytes local(sizeof kLocal);
      std::memcpy(local.data(), &kLocal, sizeof kLocal);
      both = times(both, {{Match{Field::fib_daddr_type, Comparison::equal, local}}});
    }
    filter.incoming = finished(times(both, interfaces(asked, policy)));
  }
  if (filter.incoming.size() > kTraceRulesMax || filter.outgoing.size() > kTraceRulesMax)
    return base::fail(base::Errc::invalid, "the packet names too many addresses to look for");
  return filter;
}

}  // namespace ravelin::firewall
