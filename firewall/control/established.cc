#include "firewall/control/established.h"

#include "policies/model/meaning.h"
#include "policies/space/interface_classes.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using base::IpAddress;
using policies::Fate;
using policies::Packet;
using policies::Policy;
using policies::Verb;
using policies::ZoneId;

constexpr std::uint64_t kRulesTriedMax = 100'000'000;  // a few seconds
constexpr std::size_t kCasesMax = 65'536;

void lift_conditions(policies::Rule& rule) {
  if (!rule.from.feeds.empty()) rule.from = {};
  if (!rule.to.feeds.empty()) rule.to = {};
  rule.owner.reset();
}

// What is left of an address without its feeds; false: nobody.
bool drop_feeds(policies::AddressMatch& match) {
  const bool had_feeds = !match.feeds.empty();
  match.feeds.clear();
  return !had_feeds || !match.ranges.empty();
}

// Whether the rule stays.
bool make_generous(policies::Rule& rule) {
  const bool has_limit = rule.limit.has_value();
  rule.per_source = {};
  rule.ban.reset();
  rule.limit.reset();
  if (rule.verb == Verb::allow) {
    lift_conditions(rule);
    return true;
  }
  if (!rule.is_final() || rule.owner || has_limit) return false;
  return drop_feeds(rule.from) && drop_feeds(rule.to);
}

bool is_served(const std::vector<policies::ServiceTerm>& services, const FlowTuple& tuple,
               std::uint16_t port) {
  return services.empty() || std::ranges::any_of(services, [&](const policies::ServiceTerm& term) {
           return term.protocol == tuple.protocol && term.first <= port && port <= term.last;
         });
}

std::uint64_t rules_of(const Policy& policy) {
  std::uint64_t count = 1 + policy.nat.size();
  for (const policies::RuleList& list : policy.lists)
    count += list.rules.size();
  return count;
}

// Whether what the policy does to the packet is what was done to the flow.
bool is_turned_alike(const Fate& fate, const Flow& flow, const Paths& paths) {
  const IpAddress& goes_to = flow.reply.source;
  const bool is_redirect = !fate.dnat_to && fate.dnat_port;
  const bool is_there = is_redirect ? paths.is_own(goes_to)
                                    : goes_to == fate.dnat_to.value_or(flow.original.destination);
  return is_there &&
         (!policies::has_ports(flow.original.protocol) ||
          flow.reply.source_port == fate.dnat_port.value_or(flow.original.destination_port));
}

}  // namespace

Policy most_generous(Policy policy) {
  for (policies::RuleList& list : policy.lists)
    std::erase_if(list.rules, [](policies::Rule& rule) { return !make_generous(rule); });
  for (policies::NatRule& nat : policy.nat) {
    if (!nat.from.feeds.empty()) nat.from = {};
    nat.limit.reset();
    nat.per_source = {};
  }
  return policy;
}

FlowJudge::FlowJudge(const Policy& policy, const Paths& paths,
                     std::optional<policies::SshPeer> peer, std::chrono::sys_seconds now)
    : policy_(policy),
      generous_(most_generous(policy)),
      generous_no_nat_(generous_),
      paths_(paths),
      peer_(std::move(peer)),
      now_(now),
      cost_(rules_of(policy)) {
  generous_no_nat_.nat.clear();
}

bool FlowJudge::is_protected(const Flow& flow) const {
  if (!paths_.is_own(flow.reply.source)) return false;
  const FlowTuple& tuple = flow.original;
  if (peer_ && tuple.source == peer_->address && tuple.protocol == policies::kTcp &&
      (tuple.destination_port == peer_->port || flow.reply.source_port == peer_->port))
    return true;
  if (!policy_.management) return false;
  const policies::Management& management = *policy_.management;
  const bool is_from =
      management.from.is_anyone() || policies::contains(management.from.ranges, tuple.source);
  return is_from && (is_served(management.services, tuple, tuple.destination_port) ||
                     is_served(management.services, tuple, flow.reply.source_port));
}

// Every interface that could have the address; "" is this host.
std::vector<std::string> FlowJudge::interfaces_of(const IpAddress& address) const {
  if (paths_.is_own(address)) return {""};
  const std::set<std::string> routed = paths_.towards(address);
  std::vector<std::string> found(routed.begin(), routed.end());
  const auto is_routed_by = [&](ZoneId zone) {
    return std::ranges::any_of(
        routed, [&](const std::string& name) { return policies::zone_of(policy_, name) == zone; });
  };
  for (const ZoneId zone : policies::zones_with(policy_, {{address, address}})) {
    const policies::Zone& one = policy_.zones.at(static_cast<std::size_t>(zone));
    // A zone that names no networks could have any address: it counts where routes do not tell.
    if (!routed.empty() && (is_routed_by(zone) || one.networks.empty())) continue;
    for (const std::string& pattern : one.interfaces)
      found.push_back(policies::interface_of(pattern, one.interfaces));
  }
  return found;
}

Fate FlowJudge::fate(const Policy& policy, const Packet& packet) {
  spent_ += cost_;
  policies::SimulationState fresh;
  return policies::simulate(policy, packet, fresh);
}

// Denied on every way between the two: as it came, and as NAT has turned it. None: allowed.
std::optional<std::string> FlowJudge::judge_between(const Flow& flow, const std::string& in,
                                                    const IpAddress& destination) {
  const FlowTuple& came = flow.original;
  Packet packet{.in_interface = in, .source = came.source, .destination = destination};
  packet.protocol = came.protocol;
  packet.source_port = came.source_port;
  packet.wall = now_;
  std::string denied = "nat, which turns it elsewhere";
  const std::vector<std::string> ways = interfaces_of(destination);
  if (ways.empty()) return {};
  for (const std::string& out : ways) {
    packet.out_interface = out;
    packet.destination_port = came.destination_port;
    if (destination == came.destination) {
      const Fate new_one = fate(generous_, packet);
      const bool is_allowed = new_one.verdict == policies::Verdict::allow;
      if (is_allowed && is_turned_alike(new_one, flow, paths_)) return {};
      if (!is_allowed) denied = policies::decider_text(new_one);
    }
    if (destination != flow.reply.source) continue;
    if (policies::has_ports(came.protocol)) packet.destination_port = flow.reply.source_port;
    const Fate turned = fate(generous_no_nat_, packet);
    if (turned.verdict == policies::Verdict::allow) return {};
    denied = policies::decider_text(turned);
  }
  return denied;
}

std::optional<std::string> FlowJudge::judge(const Flow& flow) {
  std::vector<IpAddress> destinations{flow.reply.source};
  if (flow.reply.source != flow.original.destination)
    destinations.push_back(flow.original.destination);
  std::optional<std::string> denied;
  for (const std::string& in : interfaces_of(flow.original.source)) {
    for (const IpAddress& destination : destinations) {
      auto by = judge_between(flow, in, destination);
      if (!by) return {};
      if (!denied) denied = std::move(by);
    }
  }
  return denied;
}

std::optional<std::string> FlowJudge::denied_by(const Flow& flow) {
  if (!flow.has_reply || flow.is_expected || flow.is_closed || flow.zone != 0) return {};
  if (paths_.is_own(flow.original.source) && paths_.is_own(flow.reply.source)) return {};
  if (is_protected(flow)) return {};
  const Case key{flow.original.source,           flow.original.destination, flow.original.protocol,
                 flow.original.destination_port, flow.reply.source,         flow.reply.source_port};
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  if (spent_ > kRulesTriedMax) {
    ++unjudged_;
    return {};
  }
  auto denied = judge(flow);
  if (known_.size() < kCasesMax) known_.emplace(key, denied);
  return denied;
}

}  // namespace ravelin::firewall
