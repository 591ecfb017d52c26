#include "firewall/simulate/run.h"

#include "firewall/simulate/walk.h"

#include <algorithm>

namespace ravelin::firewall::simulate {
namespace {

constexpr std::int32_t kConntrack = -200;  // NF_IP_PRI_CONNTRACK

std::vector<const Chain*> chains_at(const Ruleset& ruleset, Hook::Point point) {
  std::vector<const Chain*> chains;
  for (const Chain& chain : ruleset.chains) {
    if (chain.hook && chain.hook->point == point) chains.push_back(&chain);
  }
  std::stable_sort(chains.begin(), chains.end(), [](const Chain* a, const Chain* b) {
    return a->hook->priority < b->hook->priority;
  });
  return chains;
}

// One packet and all that is known of it, hook after hook.
class Journey {
 public:
  Journey(const Ruleset& ruleset, const policies::Packet& packet, TableState& state)
      : ruleset_(ruleset), state_(state) {
    passage_.packet = packet;
    passage_.connection = connection_of(packet);
  }

  Outcome run() {
    const bool is_from_here = passage_.packet.in_interface.empty();
    bool is_through = pass(is_from_here ? Hook::Point::output : Hook::Point::prerouting);
    if (is_through && !is_from_here)
      is_through =
          pass(passage_.packet.out_interface.empty() ? Hook::Point::input : Hook::Point::forward);
    if (is_through && !passage_.packet.out_interface.empty()) pass(Hook::Point::postrouting);
    const bool is_new = passage_.packet.state == policies::ConnState::new_;
    if (outcome_.verdict != Outcome::Verdict::accept && is_new)
      end_connection(state_, passage_.connection);  // one that was not let in is none
    return std::move(outcome_);
  }

 private:
  // Whether the packet goes on after this hook.
  bool pass(Hook::Point point) {
    const bool is_first = point == Hook::Point::prerouting || point == Hook::Point::output;
    for (const Chain* chain : chains_at(ruleset_, point)) {
      if (is_first && chain->hook->priority > kConntrack) track();
      if (chain->hook->type == Hook::Type::nat && !takes_nat(point)) continue;
      Walk walk(ruleset_, passage_, state_, outcome_);
      const End end = walk.run(*chain);
      if (end != End::accept) {
        outcome_.verdict = end == End::drop ? Outcome::Verdict::drop : Outcome::Verdict::reject;
        return false;
      }
      if (walk.nat()) apply(*walk.nat(), point);
    }
    if (is_first) track();
    return true;
  }

  // Conntrack sees it: what was turned before is turned again, without any rule.
  void track() {
    if (passage_.is_tracked || passage_.is_untracked) return;
    passage_.is_tracked = true;
    const auto turned = state_.turned.find(passage_.connection);
    if (passage_.packet.state != policies::ConnState::new_ && turned != state_.turned.end())
      turn(turned->second);
  }

  // The first packet of a connection alone, and only until some rule has decided.
  [[nodiscard]] bool takes_nat(Hook::Point point) const {
    if (!passage_.is_tracked || passage_.packet.state != policies::ConnState::new_) return false;
    const bool is_source = point == Hook::Point::postrouting || point == Hook::Point::input;
    return is_source ? !has_source_ : !passage_.is_turned;
  }

  void apply(const NatWish& wish, Hook::Point point) {
    if (wish.is_masquerade) {
      outcome_.is_masqueraded = true;
      has_source_ = true;
    } else if (wish.is_redirect) {
      outcome_.is_redirected = true;
      outcome_.dnat_port = wish.redirect_port;
      decide({own_address(), wish.redirect_port});
      passage_.packet.out_interface.clear();
    } else if (wish.nat->kind == Nat::Kind::snat) {
      outcome_.snat_to = wish.nat->address;
      has_source_ = true;
    } else if (point != Hook::Point::postrouting) {
      outcome_.dnat_to = wish.nat->address;
      outcome_.dnat_port = wish.nat->port;
      decide({wish.nat->address, wish.nat->port});
    }
  }

  void decide(const Target& target) {
    state_.turned[passage_.connection] = target;
    turn(target);
  }

  void turn(const Target& target) {
    policies::Packet& packet = passage_.packet;
    passage_.is_turned = true;
    packet.destination = target.address;
    if (target.port) packet.destination_port = *target.port;
    if (is_own(state_, target.address)) {
      packet.out_interface.clear();
    } else if (const auto interface = interface_towards(state_, target.address)) {
      packet.out_interface = *interface;
    }
  }

  // Where redirect leads: an address of this host, of the packet's family.
  [[nodiscard]] base::IpAddress own_address() const {
    const base::Family family = passage_.packet.destination.family;
    if (state_.redirected_to) return *state_.redirected_to;
    for (const base::IpAddress& own : state_.own) {
      if (own.family == family) return own;
    }
    return *base::parse_ip(family == base::Family::ipv4 ? "127.0.0.1" : "::1");
  }

  const Ruleset& ruleset_;
  TableState& state_;
  Passage passage_;
  Outcome outcome_;
  bool has_source_ = false;
};

}  // namespace

Outcome run(const Ruleset& ruleset, const policies::Packet& packet, TableState& state) {
  return Journey(ruleset, packet, state).run();
}

}  // namespace ravelin::firewall::simulate
