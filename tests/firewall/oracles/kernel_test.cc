// The third oracle: random policies in the kernel, with real packets from one network namespace
// into and through another. Needs root.
#include "firewall/trial/trial.h"
#include "tests/firewall/oracles/random_case.h"
#include "tests/firewall/oracles/text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::firewall::oracles {
namespace {

using policies::Packet;
using policies::Rate;

constexpr std::uint32_t kPolicies = 220;
constexpr std::size_t kPackets = 60;

// In a test of a moment no bucket fills again; connections that the host ends at once are not
// counted; the time is the kernel's own; users are told by their number.
void settle(policies::PerSource& limits, std::optional<Rate>& limit) {
  limits.connections.reset();
  for (std::optional<Rate>* rate : {&limits.new_connections, &limit}) {
    if (*rate)
      **rate = Rate{Rate::Of::packets, 1, std::chrono::seconds(86400), (*rate)->burst % 5 + 1};
  }
  if (!limits.new_connections) limits.ban_for.reset();
}

void settle(policies::Policy& policy) {
  // Which address of the host a redirect leads to is known to the kernel alone.
  const bool redirects = std::any_of(policy.nat.begin(), policy.nat.end(), [](const auto& nat) {
    return nat.kind == policies::NatRule::Kind::redirect;
  });
  for (policies::RuleList& list : policy.lists) {
    const bool is_to_host = std::count(list.to.begin(), list.to.end(), policies::kHost) != 0;
    for (policies::Rule& rule : list.rules) {
      if (redirects && is_to_host) rule.to = {};
      settle(rule.per_source, rule.limit);
      rule.when.reset();
      if (rule.log)
        rule.log->rate = Rate{.count = 1, .per = std::chrono::seconds(86400), .burst = 1};
      if (rule.ban && rule.ban->after)
        rule.ban->after = Rate{.count = 1, .per = std::chrono::seconds(86400), .burst = 2};
    }
  }
  for (policies::NatRule& nat : policy.nat)
    settle(nat.per_source, nat.limit);
}

// What a raw socket can make and conntrack takes as new.
bool can_be_sent(const Packet& packet) {
  constexpr std::uint8_t kGre = 47;
  if (packet.state != policies::ConnState::new_ || packet.in_interface == packet.out_interface)
    return false;
  if (packet.in_interface == "lo" || packet.out_interface == "lo") return false;
  const bool is_v4 = packet.source.family == base::Family::ipv4;
  switch (packet.protocol) {
    case policies::kTcp:
    case policies::kUdp:
    case kGre:
      return true;
    case policies::kIcmp:
      return is_v4 && packet.destination_port == 8;
    case policies::kIcmpv6:
      return !is_v4 && packet.destination_port == 128;
    default:
      return false;
  }
}

// The targets of `forward` are where their zones are.
void add_targets(const Case& asked, trial::Places& places) {
  const simulate::TableState state = table_state_of(asked);
  for (const policies::NatRule& nat : asked.policy.nat) {
    for (const base::IpAddress& to : nat.to) {
      const std::string interface = *simulate::interface_towards(state, to);
      places.beyond.emplace(to, interface);
      places.interfaces.insert(interface);
    }
  }
}

Transaction contents_of(const Case& asked) {
  Transaction steps;
  for (auto& [set, elements] : table_state_of(asked).contents)
    steps.emplace_back(AddElements{set, elements, true});
  return steps;
}

// Packets that can all be in one network; places for them.
trial::Places choose_packets(Case& asked) {
  trial::Places places;
  add_targets(asked, places);
  std::vector<Packet> chosen;
  for (Packet& packet : asked.packets) {
    packet.cgroup.clear();
    packet.at = std::chrono::milliseconds(0);
    if (can_be_sent(packet) && trial::add_places(packet, places)) chosen.push_back(packet);
  }
  asked.packets = std::move(chosen);
  return places;
}

// What both can tell: an ICMP packet has no port to turn, and the address a redirect leads to is
// the interface's own.
Answer told(Answer answer, const Packet& packet) {
  if (!policies::has_ports(packet.protocol)) answer.dnat_port.reset();
  return answer;
}

Answer answer_of(const trial::Trace& trace) {
  return {trace.verdict, trial::line_in(trace.by), trace.causes_ban, trace.dnat_to,
          trace.dnat_port};
}

// How many packets agreed; -1: one did not, which is told.
int run(std::uint32_t seed) {
  Case asked = RandomCases(seed).next(kPackets);
  settle(asked.policy);
  const trial::Places places = choose_packets(asked);
  const Ruleset ruleset = compile(asked.policy, options_of(asked)).ruleset;
  auto opened = trial::KernelTrial::open(ruleset, contents_of(asked), places);
  if (!opened) {
    ADD_FAILURE() << "seed " << seed << ": " << base::to_string(opened.error());
    return -1;
  }
  policies::SimulationState state = simulation_state_of(asked);
  for (std::size_t i = 0; i < asked.packets.size(); ++i) {
    const Packet& packet = asked.packets[i];
    const Answer by_policy =
        told(oracles::answer_of(policies::simulate(asked.policy, packet, state)), packet);
    const auto trace = opened->send(packet);
    const Answer by_kernel = trace ? told(answer_of(*trace), packet) : Answer{};
    // A port that stays where it is cannot be seen to be turned.
    Answer expected = by_policy;
    if (expected.dnat_port == packet.destination_port && !by_kernel.dnat_port)
      expected.dnat_port.reset();
    if (trace && expected == by_kernel) continue;
    ADD_FAILURE() << "seed " << seed << (trace ? "" : base::to_string(trace.error())) << ":\n"
                  << disagreement_text(asked, {i, by_policy, by_kernel})
                  << (trace ? trace->by : std::string());
    return -1;
  }
  return static_cast<int>(asked.packets.size());
}

TEST(KernelOracle, AgreesOnRandomPolicies) {
  int packets = 0;
  for (std::uint32_t seed = 1; seed <= kPolicies; ++seed) {
    const int agreed = run(seed);
    if (agreed < 0) return;
    packets += agreed;
  }
  EXPECT_GT(packets, static_cast<int>(kPolicies) * 5);
}

}  // namespace
}  // namespace ravelin::firewall::oracles
