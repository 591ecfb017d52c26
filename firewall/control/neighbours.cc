#include "firewall/control/neighbours.h"

#include "policies/model/meaning.h"

#include <algorithm>
#include <optional>

namespace ravelin::firewall {
namespace {

using policies::kHost;
using policies::Policy;
using policies::ZoneId;

constexpr std::size_t kServicesMax = 3;

enum class Way { to_host, forwarded, from_host };

bool is_of(const policies::RuleList& list, Way way) {
  const bool has_from_host = std::ranges::find(list.from, kHost) != list.from.end();
  const bool has_to_host = std::ranges::find(list.to, kHost) != list.to.end();
  switch (way) {
    case Way::to_host:
      return has_to_host && !has_from_host;
    case Way::from_host:
      return has_from_host;
    case Way::forwarded:
      return !has_from_host && std::ranges::any_of(list.to, [](ZoneId to) { return to != kHost; });
  }
  return false;
}

// "web, tcp/22": what the policy allows that way; empty: nothing.
std::string allowed_text(const Policy& policy, Way way) {
  std::vector<std::string> services;
  for (const policies::RuleList& list : policy.lists) {
    if (!is_of(list, way)) continue;
    for (const policies::Rule& rule : list.rules) {
      if (rule.verb == policies::Verb::allow &&
          std::ranges::find(services, rule.services_text) == services.end())
        services.push_back(rule.services_text);
    }
  }
  if (way == Way::forwarded) {
    for (const policies::NatRule& nat : policy.nat) {
      if (nat.kind == policies::NatRule::Kind::forward &&
          std::ranges::find(services, nat.services_text) == services.end())
        services.push_back(nat.services_text);
    }
  }
  if (services.size() <= kServicesMax) return fmt::format("{}", fmt::join(services, ", "));
  const std::size_t more = services.size() - kServicesMax;
  services.resize(kServicesMax);
  return fmt::format("{} and {} more", fmt::join(services, ", "), more);
}

std::optional<Way> way_of(const ForeignChain& chain) {
  if (chain.family != "inet" && chain.family != "ip" && chain.family != "ip6") return std::nullopt;
  if (chain.hook == "input" || chain.hook == "prerouting") return Way::to_host;
  if (chain.hook == "forward") return Way::forwarded;
  if (chain.hook == "output") return Way::from_host;
  return std::nullopt;
}

std::string chain_text(const ForeignChain& chain) {
  const std::string programs =
      chain.programs.empty() ? "" : fmt::format(" ({})", fmt::join(chain.programs, ", "));
  return fmt::format("table {} {}{}: chain {} {} at {} priority {}", chain.family, chain.table,
                     programs, chain.name,
                     chain.drops_by_policy ? "drops by policy" : "ends in a drop", chain.hook,
                     chain.priority);
}

std::string_view families_text(const ForeignChain& chain) {
  if (chain.family == "ip") return "over IPv4 ";
  return chain.family == "ip6" ? "over IPv6 " : "";
}

std::string what_text(Way way) {
  switch (way) {
    case Way::to_host:
      return "to this host";
    case Way::forwarded:
      return "between zones";
    case Way::from_host:
      return "from this host";
  }
  return {};
}

void warn_of_drops(const Policy& policy, const ForeignChain& chain,
                   std::vector<std::string>& warnings) {
  if (!chain.drops_by_policy && !chain.drops_at_end) return;
  const auto way = way_of(chain);
  if (!way) return;
  const std::string allowed = allowed_text(policy, *way);
  if (allowed.empty()) return;
  warnings.push_back(fmt::format("{}: what we allow {}{} ({}) must be allowed there too",
                                 chain_text(chain), families_text(chain), what_text(*way),
                                 allowed));
}

// Whether anything may be forwarded from or to a zone.
bool has_forwarding(const Policy& policy, ZoneId zone) {
  for (ZoneId other = 0; other < static_cast<ZoneId>(policy.zones.size()); ++other) {
    if (policies::has_list(policy, zone, other) || policies::has_list(policy, other, zone))
      return true;
  }
  return false;
}

void warn_of_forwards(const Policy& policy, const ForeignForward& forward,
                      std::vector<std::string>& warnings) {
  const auto zone = policies::zone_of(policy, forward.interface);
  if (!zone) {
    warnings.push_back(
        fmt::format("{0} forwards for {1}, which is in no zone: our forward chain cuts what goes "
                    "between it and our zones; make it a zone (interfaces: [{1}], owner: {0}) with "
                    "lists from and to it",
                    forward.program, forward.interface));
    return;
  }
  if (has_forwarding(policy, *zone)) return;
  const std::string_view name = policies::name_of(policy, *zone);
  warnings.push_back(
      fmt::format("{0} forwards for {1}: no list leads from or to zone {2}, so our forward chain "
                  "cuts it; add lists such as \"{2} -> ZONE\" for what it needs",
                  forward.program, forward.interface, name));
}

}  // namespace

std::vector<std::string> neighbour_warnings(const Policy& policy, const ForeignRuleset& foreign) {
  std::vector<std::string> warnings;
  for (const ForeignChain& chain : foreign.chains)
    warn_of_drops(policy, chain, warnings);
  if (!policies::forwards(policy)) return warnings;
  for (const ForeignForward& forward : foreign.forwards)
    warn_of_forwards(policy, forward, warnings);
  return warnings;
}

}  // namespace ravelin::firewall
