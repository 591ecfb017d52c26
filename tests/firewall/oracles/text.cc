#include "tests/firewall/oracles/text.h"

#include "policies/model/meaning.h"
#include "policies/space/describe.h"

namespace ravelin::firewall::oracles {
namespace {

using policies::AddressMatch;
using policies::AddressRanges;
using policies::Packet;
using policies::Policy;
using policies::Rate;
using policies::ZoneId;

std::string ranges_text(const AddressRanges& ranges) {
  std::string text;
  for (const policies::AddressRange& range : ranges)
    text += (text.empty() ? "" : ", ") + policies::to_string(range);
  return "[" + text + "]";
}

std::string match_text(const AddressMatch& match) {
  std::string text = match.is_restricted ? ranges_text(match.ranges) : "any";
  for (const int feed : match.feeds)
    text += fmt::format(" feed/{}", feed);
  return text;
}

std::string terms_text(const std::vector<policies::ServiceTerm>& terms) {
  std::string text;
  for (const policies::ServiceTerm& term : terms)
    text += (text.empty() ? "" : ", ") + policies::to_string(term);
  return text.empty() ? "any" : "[" + text + "]";
}

std::string rate_text(const Rate& rate) {
  return fmt::format("{}{}/{}s burst {}", rate.count, rate.of == Rate::Of::bytes ? "B" : "",
                     rate.per.count(), rate.burst);
}

std::string per_source_text(const policies::PerSource& limits) {
  std::string text;
  if (limits.new_connections) text += ", new: " + rate_text(*limits.new_connections);
  if (limits.connections) text += fmt::format(", connections: {}", *limits.connections);
  if (limits.ban_for) text += fmt::format(", over: ban {}s", limits.ban_for->count());
  return text.empty() ? text : ", per_source: {" + text.substr(1) + " }";
}

std::string until_text(const std::optional<std::chrono::sys_seconds>& until) {
  return until ? fmt::format(", until: {}", until->time_since_epoch().count()) : std::string();
}

std::string conditions_text(const policies::Rule& rule) {
  std::string text;
  if (!rule.via.empty()) text += fmt::format(", via: [{}]", fmt::join(rule.via, ", "));
  if (rule.owner && rule.owner->uid) text += fmt::format(", user: {}", *rule.owner->uid);
  if (rule.owner && !rule.owner->cgroup.empty()) text += ", cgroup: " + rule.owner->cgroup;
  if (rule.limit) text += ", limit: " + rate_text(*rule.limit);
  text += per_source_text(rule.per_source);
  if (rule.ban) {
    text += fmt::format(", ban: {}s", rule.ban->duration.count());
    if (rule.ban->after) text += " after " + rate_text(*rule.ban->after);
  }
  if (rule.when)
    text += fmt::format(", when: days {:#x} {}-{}", rule.when->days, rule.when->from.count(),
                        rule.when->to.count());
  if (rule.log) text += ", log: true";
  return text + until_text(rule.until);
}

std::string rule_line(const policies::Rule& rule) {
  constexpr std::string_view kVerbs[] = {"allow", "deny", "reject", "log", "count"};
  std::string text =
      fmt::format("{}: {}", kVerbs[static_cast<std::size_t>(rule.verb)], terms_text(rule.services));
  if (rule.from.is_restricted) text += ", from: " + match_text(rule.from);
  if (rule.to.is_restricted) text += ", to: " + match_text(rule.to);
  return fmt::format("    - {{ {}{} }}  # line {}\n", text, conditions_text(rule), rule.pos.line);
}

std::string zones_text(const Policy& policy, const std::vector<ZoneId>& zones) {
  std::string text;
  for (const ZoneId zone : zones)
    text += (text.empty() ? "" : ", ") + std::string(policies::name_of(policy, zone));
  return text;
}

std::string nat_text(const Policy& policy, const policies::NatRule& nat) {
  constexpr std::string_view kKinds[] = {"masquerade", "snat", "forward", "redirect"};
  std::string text =
      fmt::format("  - {{ {}: {}, via: [{}]", kKinds[static_cast<std::size_t>(nat.kind)],
                  terms_text(nat.services), zones_text(policy, nat.via));
  if (nat.from.is_restricted) text += ", from: " + match_text(nat.from);
  for (const base::IpAddress& to : nat.to)
    text += ", to: " + base::to_string(to);
  if (nat.to_port) text += fmt::format(", port: {}", *nat.to_port);
  if (!nat.ipv4) text += ", family: ipv6";
  if (!nat.ipv6) text += ", family: ipv4";
  if (nat.limit) text += ", limit: " + rate_text(*nat.limit);
  text += per_source_text(nat.per_source) + until_text(nat.until);
  return fmt::format("{} }}  # line {}\n", text, nat.pos.line);
}

}  // namespace

std::string policy_text(const Policy& policy) {
  std::string text = policy.is_icmp_strict ? "icmp: strict\nzones:\n" : "zones:\n";
  for (const policies::Zone& zone : policy.zones)
    text += fmt::format("  {}: {{ interfaces: [{}], networks: {} }}\n", zone.name,
                        fmt::join(zone.interfaces, ", "), ranges_text(zone.networks));
  for (const policies::Feed& feed : policy.feeds)
    text += fmt::format("feed {}: never {}\n", feed.name, ranges_text(feed.never));
  if (!policy.bans.never.empty()) text += "bans: never " + ranges_text(policy.bans.never) + "\n";
  if (policy.management) text += "management: from " + match_text(policy.management->from) + "\n";
  if (!policy.nat.empty()) text += "nat:\n";
  for (const policies::NatRule& nat : policy.nat)
    text += nat_text(policy, nat);
  text += "rules:\n";
  for (const policies::RuleList& list : policy.lists) {
    text += fmt::format("  {} -> {}:\n", list.from_any ? "any" : zones_text(policy, list.from),
                        list.to_any ? "any" : zones_text(policy, list.to));
    for (const policies::Rule& rule : list.rules)
      text += rule_line(rule);
  }
  return text;
}

std::string trip_text(const Packet& packet) {
  constexpr std::string_view kStates[] = {"new", "established", "related", "invalid"};
  return fmt::format("{} -> {}: {}, {}, uid {} {}, {} bytes, {} ms, wall {}",
                     packet.in_interface.empty() ? "host" : packet.in_interface,
                     packet.out_interface.empty() ? "host" : packet.out_interface,
                     policies::packet_text(packet), kStates[static_cast<std::size_t>(packet.state)],
                     packet.uid, packet.cgroup, packet.bytes,
                     std::chrono::duration_cast<std::chrono::milliseconds>(packet.at).count(),
                     packet.wall.time_since_epoch().count());
}

std::string case_text(const Case& asked) {
  std::string text = policy_text(asked.policy);
  for (std::size_t i = 0; i < asked.feeds.size(); ++i)
    text += fmt::format("feed {} holds {}\n", i, ranges_text(asked.feeds[i]));
  for (const base::IpAddress& banned : asked.banned)
    text += "banned: " + base::to_string(banned) + "\n";
  for (const Packet& packet : asked.packets)
    text += trip_text(packet) + "\n";
  return text;
}

std::string disagreement_text(const Case& asked, const Disagreement& found) {
  Case shown = asked;
  shown.packets.resize(found.packet + 1);
  return fmt::format("{}policy:  {}\nruleset: {}\n", case_text(shown), to_string(found.by_policy),
                     to_string(found.by_ruleset));
}

}  // namespace ravelin::firewall::oracles
