#include "policies/simulate/rule_match.h"

#include "policies/model/meaning.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::policies {
namespace {

bool is_term(const ServiceTerm& term, const Packet& packet) {
  if (term.protocol != packet.protocol) return false;
  if (term.protocol == kIcmp && packet.source.family != base::Family::ipv4) return false;
  if (term.protocol == kIcmpv6 && packet.source.family != base::Family::ipv6) return false;
  const bool has_range =
      has_ports(term.protocol) || term.protocol == kIcmp || term.protocol == kIcmpv6;
  return !has_range ||
         (term.first <= packet.destination_port && packet.destination_port <= term.last);
}

bool is_via(const std::vector<std::string>& via, const Packet& packet) {
  const std::string& outside =
      packet.in_interface.empty() ? packet.out_interface : packet.in_interface;
  return via.empty() || std::any_of(via.begin(), via.end(), [&](const std::string& pattern) {
           return matches(pattern, outside);
         });
}

bool is_below(std::string_view cgroup, std::string_view root) {
  return cgroup.starts_with(root) && (cgroup.size() == root.size() || cgroup[root.size()] == '/');
}

bool is_from(const Owner& owner, const Packet& packet) {
  if (!packet.in_interface.empty()) return false;  // somebody else's machine sent it
  if (owner.uid && *owner.uid != packet.uid) return false;
  return owner.cgroup.empty() || is_below(packet.cgroup, owner.cgroup);
}

bool is_time(const When& when, std::chrono::sys_seconds wall) {
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  const unsigned weekday = std::chrono::weekday(day).c_encoding();
  if ((when.days >> weekday & 1U) == 0) return false;
  const std::chrono::seconds clock = wall - day;
  return when.from <= when.to ? when.from <= clock && clock < when.to
                              : when.from <= clock || clock < when.to;
}

}  // namespace

bool is_in_services(std::span<const ServiceTerm> services, const Packet& packet) {
  return services.empty() || std::any_of(services.begin(), services.end(),
                                         [&](const auto& term) { return is_term(term, packet); });
}

bool is_in(const AddressMatch& match, const base::IpAddress& address, const Policy& policy,
           const SimulationState& state) {
  if (match.ranges.empty() && match.feeds.empty()) return match.is_anyone();
  if (contains(match.ranges, address)) return true;
  return std::any_of(match.feeds.begin(), match.feeds.end(), [&](int feed) {
    return state.is_in_feed(feed, address) &&
           !contains(policy.feeds.at(static_cast<std::size_t>(feed)).never, address);
  });
}

Mismatch mismatch(const Rule& rule, const Packet& packet, const Policy& policy,
                  const SimulationState& state) {
  if (!is_in_services(rule.services, packet)) return Mismatch::service;
  if (!is_in(rule.from, packet.source, policy, state)) return Mismatch::source;
  if (!is_in(rule.to, packet.destination, policy, state)) return Mismatch::destination;
  if (!is_via(rule.via, packet)) return Mismatch::via;
  if (rule.owner && !is_from(*rule.owner, packet)) return Mismatch::owner;
  if (rule.when && !is_time(*rule.when, packet.wall)) return Mismatch::when;
  if (rule.until && packet.wall >= *rule.until) return Mismatch::until;
  return Mismatch::none;
}

std::string to_string(Mismatch mismatch, const Rule& rule) {
  switch (mismatch) {
    case Mismatch::none:
      return "matches";
    case Mismatch::service:
      return "is another service";
    case Mismatch::source:
      return fmt::format("source is not in {}", rule.from.text);
    case Mismatch::destination:
      return fmt::format("destination is not in {}", rule.to.text);
    case Mismatch::via:
      return fmt::format("interface is not {}", fmt::join(rule.via, ", "));
    case Mismatch::owner:
      return fmt::format("sender is not {}", rule.owner->text);
    case Mismatch::when:
      return "not at this time";
    case Mismatch::until:
      return "has expired";
    case Mismatch::limit:
      return "is over the limit";
  }
  return {};
}

}  // namespace ravelin::policies
