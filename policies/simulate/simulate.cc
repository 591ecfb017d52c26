#include "policies/simulate/simulate.h"

#include "policies/model/meaning.h"
#include "policies/simulate/rule_match.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::policies {
namespace {

using base::Family;
using base::IpAddress;
using Meter = SimulationState::Meter;

// fe80::/10, ::, 0.0.0.0: what a host sends to its link, and before it has an address.
bool is_always_plausible(const IpAddress& source) {
  const bool is_link_local =
      source.family == Family::ipv6 && source.bytes[0] == 0xfe && (source.bytes[1] & 0xc0) == 0x80;
  return is_link_local || source == IpAddress{.family = source.family};
}

enum class Path { input, forward, output, loopback };

// A packet on its way. Steps are told only to those who asked for them.
class Walk {
 public:
  Walk(const Policy& policy, const Packet& packet, SimulationState& state,
       std::vector<std::string>* steps)
      : policy_(policy), packet_(packet), state_(state), steps_(steps) {
    from_ = zone_at(packet.in_interface);
    to_ = zone_at(packet.out_interface);
    if (is_loopback())
      path_ = Path::loopback;
    else if (packet.in_interface.empty())
      path_ = Path::output;
    else
      path_ = packet.out_interface.empty() ? Path::input : Path::forward;
  }

  Fate run() {
    if (path_ == Path::loopback) return end(Verdict::allow, Decider::loopback);
    if (const auto fate = before_conntrack()) return *fate;
    if (packet_.state == ConnState::new_) turn();
    if (!is_governed()) return end(Verdict::allow, Decider::default_allow);
    if (packet_.state == ConnState::invalid) return end(Verdict::deny, Decider::invalid_state);
    if (packet_.state != ConnState::new_) return end(Verdict::allow, Decider::established);
    if (is_essential()) return end(Verdict::allow, Decider::essential_icmp);
    if (path_ != Path::output && state_.is_blocked(packet_.source, packet_.at) && may_be_banned())
      return end(Verdict::deny, Decider::banned);
    return by_rules();
  }

 private:
  [[nodiscard]] bool is_loopback() const {
    return packet_.in_interface == "lo" || packet_.out_interface == "lo" ||
           (packet_.in_interface.empty() && packet_.out_interface.empty());
  }

  // No interface: the host. Empty optional: an interface of no zone.
  [[nodiscard]] std::optional<ZoneId> zone_at(const std::string& interface) const {
    return interface.empty() ? kHost : zone_of(policy_, interface);
  }

  void tell(std::string step) {
    if (steps_ != nullptr) steps_->push_back(std::move(step));
  }

  Fate end(Verdict verdict, Decider decider) {
    fate_.verdict = verdict;
    fate_.decider = decider;
    tell(fmt::format("{}: {}", decider_text(fate_), verdict_text(verdict)));
    return fate_;
  }

  [[nodiscard]] bool may_be_banned() const {
    return !is_always_plausible(packet_.source) && !contains(policy_.bans.never, packet_.source) &&
           !(policy_.management && contains(policy_.management->from.ranges, packet_.source));
  }

  [[nodiscard]] bool is_spoofed() const {
    if (!from_ || *from_ == kHost) return false;
    const AddressRanges& networks = policy_.zones.at(static_cast<std::size_t>(*from_)).networks;
    return !networks.empty() && !contains(networks, packet_.source) &&
           !is_always_plausible(packet_.source);
  }

  std::optional<Fate> before_conntrack() {
    if (path_ == Path::output) return std::nullopt;
    if (state_.is_banned(packet_.source, packet_.at) && may_be_banned())
      return end(Verdict::deny, Decider::banned);
    if (is_spoofed()) return end(Verdict::deny, Decider::spoofed);
    return std::nullopt;
  }

  [[nodiscard]] bool is_governed() const {
    switch (path_) {
      case Path::loopback:
        return false;
      case Path::input:
        return true;
      case Path::output:
        return governs_output(policy_);
      case Path::forward:
        return forwards(policy_) && (from_ || to_);
    }
    return true;
  }

  [[nodiscard]] bool is_for(const NatRule& nat) const {
    const bool is_via = from_ && std::find(nat.via.begin(), nat.via.end(), *from_) != nat.via.end();
    const bool is_family = packet_.source.family == Family::ipv4 ? nat.ipv4 : nat.ipv6;
    return path_ != Path::output && is_via && is_family &&
           (!nat.until || packet_.wall < *nat.until) && is_in_services(nat.services, packet_) &&
           is_in(nat.from, packet_.source, policy_, state_);
  }

  // The destination of a `forward` for this packet's family.
  [[nodiscard]] const IpAddress* target_of(const NatRule& nat) const {
    for (const IpAddress& address : nat.to) {
      if (address.family == packet_.source.family) return &address;
    }
    return nullptr;
  }

  void rewrite(const NatRule& nat, const IpAddress* destination) {
    if (nat.to_port) packet_.destination_port = *nat.to_port;
    fate_.dnat_port = packet_.destination_port;
    if (destination == nullptr) return;
    packet_.destination = *destination;
    fate_.dnat_to = *destination;
  }

  // `forward` and `redirect`: the first that fits, in the order written.
  void turn() {
    for (const NatRule& nat : policy_.nat) {
      const bool is_forward = nat.kind == NatRule::Kind::forward;
      if ((!is_forward && nat.kind != NatRule::Kind::redirect) || !is_for(nat)) continue;
      if (!is_forward) return redirect(nat);
      const IpAddress* target = target_of(nat);
      if (path_ != Path::input || target == nullptr) continue;
      forward_ = &nat;
      rewrite(nat, target);
      path_ = Path::forward;
      to_ = zone_with(*target);
      return tell(fmt::format("{} forward {}: to {}", place_text(nat.pos), nat.services_text,
                              base::to_string(*target)));
    }
  }

  void redirect(const NatRule& nat) {
    rewrite(nat, nullptr);
    packet_.out_interface.clear();
    path_ = Path::input;
    to_ = kHost;
    tell(fmt::format("{} redirect {}: to this host, port {}", place_text(nat.pos),
                     nat.services_text, packet_.destination_port));
  }

  // The allow that a `forward` brings along, for what no rule decides; empty: there was none, or it
  // is over its limit.
  std::optional<Fate> by_forward() {
    if (forward_ == nullptr) return std::nullopt;
    if (forward_->limit && !state_.take(Meter::limit, forward_, *forward_->limit, packet_)) {
      tell(fmt::format("{} forward {}: is over the limit", place_text(forward_->pos),
                       forward_->services_text));
      return std::nullopt;
    }
    fate_.pos = forward_->pos;
    fate_.id = forward_->id;
    const bool is_over = exceeds(forward_->per_source, forward_);
    return end(is_over ? Verdict::deny : Verdict::allow, Decider::nat);
  }

  [[nodiscard]] std::optional<ZoneId> zone_with(const IpAddress& address) const {
    for (std::size_t i = 0; i < policy_.zones.size(); ++i) {
      if (contains(policy_.zones[i].networks, address)) return static_cast<ZoneId>(i);
    }
    return std::nullopt;
  }

  [[nodiscard]] bool is_essential() const {
    return !policy_.is_icmp_strict && packet_.source.family == Family::ipv6 &&
           packet_.protocol == kIcmpv6 && packet_.destination_port <= 255 &&
           is_essential_icmpv6(static_cast<std::uint8_t>(packet_.destination_port),
                               path_ == Path::forward);
  }

  Fate by_rules() {
    if (!from_) return end(Verdict::deny, Decider::no_zone);
    if (!to_) {
      const auto fate = by_forward();
      return fate ? *fate : end(Verdict::deny, Decider::default_deny);
    }
    tell(fmt::format("{} -> {}", side_text(*from_, packet_.in_interface),
                     side_text(*to_, packet_.out_interface)));
    for (const Rule* rule : rules_between(policy_, *from_, *to_)) {
      Mismatch why = mismatch(*rule, packet_, policy_, state_);
      if (why == Mismatch::none && rule->limit &&
          !state_.take(Meter::limit, rule, *rule->limit, packet_))
        why = Mismatch::limit;
      if (why != Mismatch::none) {
        if (steps_ != nullptr) tell(step_text(*rule, to_string(why, *rule)));
        continue;
      }
      if (const auto fate = meet(*rule)) return *fate;
    }
    if (const auto fate = by_forward()) return *fate;
    const Verdict last = ending(policy_, *from_, *to_);
    return end(last, last == Verdict::allow ? Decider::default_allow : Decider::default_deny);
  }

  // A rule that matches; empty: the way goes on.
  std::optional<Fate> meet(const Rule& rule) {
    note_ban(rule);
    if (!rule.is_final()) {
      if (steps_ != nullptr) tell(step_text(rule, rule.verb == Verb::log ? "logged" : "counted"));
      return std::nullopt;
    }
    fate_.pos = rule.pos;
    fate_.id = rule.id;
    fate_.decider = Decider::rule;
    fate_.verdict = rule.verb == Verb::reject ? Verdict::reject : Verdict::deny;
    if (exceeds(rule.per_source, &rule)) {
      fate_.verdict = Verdict::deny;
      if (steps_ != nullptr) tell(step_text(rule, "its source is over the limit: denied"));
      return fate_;
    }
    if (rule.verb == Verb::allow) fate_.verdict = Verdict::allow;
    if (steps_ != nullptr) tell(step_text(rule, std::string(verdict_text(fate_.verdict))));
    return fate_;
  }

  // Whether the source is over a limit; if not, its connection is open from now on.
  bool exceeds(const PerSource& limits, SimulationState::Owner owner) {
    const bool is_over =
        (limits.new_connections &&
         !state_.take(Meter::new_connections, owner, *limits.new_connections, packet_)) ||
        (limits.connections && state_.connections(owner, packet_.source) >= *limits.connections);
    if (is_over && limits.ban_for) ban(*limits.ban_for);
    if (!is_over && limits.connections) state_.open_connection(owner, packet_.source);
    return is_over;
  }

  void note_ban(const Rule& rule) {
    if (!rule.ban) return;
    const bool is_over =
        !rule.ban->after || !state_.take(Meter::ban_after, &rule, *rule.ban->after, packet_);
    if (is_over) ban(rule.ban->duration);
  }

  void ban(std::chrono::seconds duration) {
    if (!may_be_banned() || path_ == Path::output) return;
    fate_.causes_ban = true;
    state_.block(packet_.source, packet_.at + duration);
  }

  [[nodiscard]] std::string side_text(ZoneId zone, const std::string& interface) const {
    if (zone == kHost) return "host";
    return interface.empty() ? fmt::format("zone {}", name_of(policy_, zone))
                             : fmt::format("zone {} ({})", name_of(policy_, zone), interface);
  }

  static std::string step_text(const Rule& rule, std::string_view what) {
    return fmt::format("{} {}: {}", place_text(rule.pos), rule_text(rule), what);
  }

  const Policy& policy_;
  Packet packet_;
  SimulationState& state_;
  std::vector<std::string>* steps_;
  std::optional<ZoneId> from_, to_;  // empty: an interface of no zone
  Path path_ = Path::input;
  const NatRule* forward_ = nullptr;  // that turned it
  Fate fate_;
};

}  // namespace

Fate simulate(const Policy& policy, const Packet& packet, SimulationState& state) {
  return Walk(policy, packet, state, nullptr).run();
}

Explanation explain(const Policy& policy, const Packet& packet, SimulationState& state) {
  Explanation told;
  told.fate = Walk(policy, packet, state, &told.steps).run();
  if (told.fate.causes_ban) told.steps.emplace_back("the source is banned from now on");
  return told;
}

std::string_view verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return "allowed";
    case Verdict::deny:
      return "denied";
    case Verdict::reject:
      return "rejected";
    case Verdict::ban:
      return "banned";
  }
  return {};
}

std::string decider_text(const Fate& fate) {
  switch (fate.decider) {
    case Decider::rule:
    case Decider::nat:
      return place_text(fate.pos);
    case Decider::established:
      return "an established connection";
    case Decider::loopback:
      return "loopback";
    case Decider::essential_icmp:
      return "essential ICMPv6";
    case Decider::invalid_state:
      return "a packet of no connection";
    case Decider::spoofed:
      return "a source that cannot be on that interface";
    case Decider::banned:
      return "a ban";
    case Decider::no_zone:
      return "an interface of no zone";
    case Decider::default_deny:
      return "the end of the lists";
    case Decider::default_allow:
      return "nothing that governs it";
  }
  return {};
}

}  // namespace ravelin::policies
