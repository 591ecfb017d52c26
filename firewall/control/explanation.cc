#include "firewall/control/explanation.h"

#include "firewall/compile/compile.h"
#include "policies/model/meaning.h"
#include "policies/space/describe.h"
#include "policies/space/interface_classes.h"

#include <boost/json.hpp>

namespace ravelin::firewall {
namespace {

namespace json = boost::json;
using policies::Packet;
using policies::Policy;

int length_of(const base::IpAddress& address) {
  return address.family == base::Family::ipv4 ? 32 : 128;
}

// Where a `forward` leads, as the policy's own simulator has it: the first zone that has it.
void add_forwards(const Policy& policy, std::vector<simulate::Route>& routes) {
  for (const policies::NatRule& nat : policy.nat) {
    if (nat.kind != policies::NatRule::Kind::forward) continue;
    for (const base::IpAddress& address : nat.to) {
      for (std::size_t i = 0; i < policy.zones.size(); ++i) {
        if (!policies::contains(policy.zones[i].networks, address)) continue;
        routes.push_back({{address, length_of(address)},
                          policies::first_interface(policy, static_cast<policies::ZoneId>(i))});
        break;
      }
    }
  }
}

simulate::TableState world_of(const Policy& policy, const Packet& packet) {
  simulate::TableState state;
  if (packet.in_interface.empty()) state.own.push_back(packet.source);
  if (packet.out_interface.empty()) state.own.push_back(packet.destination);
  add_forwards(policy, state.routes);
  if (state.routes.empty()) return state;
  state.routes.push_back({{packet.source, length_of(packet.source)}, packet.in_interface});
  if (!packet.out_interface.empty())
    state.routes.push_back(
        {{packet.destination, length_of(packet.destination)}, packet.out_interface});
  return state;
}

std::string_view text_of(simulate::Outcome::Verdict verdict) {
  switch (verdict) {
    case simulate::Outcome::Verdict::accept:
      return "accepts";
    case simulate::Outcome::Verdict::drop:
      return "drops";
    case simulate::Outcome::Verdict::reject:
      return "rejects";
  }
  return {};
}

std::string side_text(const Policy& policy, const std::string& interface) {
  if (interface.empty()) return "this host";
  const auto zone = policies::zone_of(policy, interface);
  return zone ? fmt::format("{} ({})", policies::name_of(policy, *zone), interface)
              : fmt::format("{} (in no zone)", interface);
}

std::string step_text(const simulate::Step& step) {
  const std::string rule = step.comment.empty() ? "" : step.comment + ": ";
  return fmt::format("{}: {}{}", step.chain, rule, step.verdict);
}

std::string verdict_line(const ExplainedPacket& explained) {
  const policies::Fate& fate = explained.policy.fate;
  std::string line =
      fmt::format("{} by {}", policies::verdict_text(fate.verdict), policies::decider_text(fate));
  if (!fate.id.empty()) line += fmt::format(" ({})", fate.id);
  if (fate.dnat_to)
    line += ", forwarded to " +
            base::to_string(base::IpEndpoint{*fate.dnat_to, fate.dnat_port.value_or(0)});
  else if (fate.dnat_port)
    line += fmt::format(", redirected to port {}", *fate.dnat_port);
  return line;
}

}  // namespace

bool ExplainedPacket::agree() const {
  using policies::Verdict;
  const simulate::Outcome::Verdict said = ruleset.verdict;
  if (is_allowed()) return said == simulate::Outcome::Verdict::accept;
  return said == (policy.fate.verdict == Verdict::reject ? simulate::Outcome::Verdict::reject
                                                         : simulate::Outcome::Verdict::drop);
}

ExplainedPacket explain_packet(const Policy& policy, const Packet& packet,
                               std::chrono::sys_seconds now) {
  ExplainedPacket explained{.packet = packet};
  explained.packet.wall = now;
  policies::SimulationState fresh;
  explained.policy = policies::explain(policy, explained.packet, fresh);
  const Compiled compiled = compile(policy, {.now = now});
  simulate::TableState state = world_of(policy, explained.packet);
  explained.ruleset = simulate::run(compiled.ruleset, explained.packet, state);
  return explained;
}

Answer answer_explained(const Policy& policy, const ExplainedPacket& explained) {
  const Packet& packet = explained.packet;
  std::string text =
      fmt::format("{}, {} -> {}\nThe policy:\n", policies::packet_text(packet),
                  side_text(policy, packet.in_interface), side_text(policy, packet.out_interface));
  json::array steps, rules;
  for (const std::string& step : explained.policy.steps) {
    text += fmt::format("  {}\n", step);
    steps.emplace_back(step);
  }
  text += "The ruleset:\n";
  for (const simulate::Step& step : explained.ruleset.steps) {
    text += fmt::format("  {}\n", step_text(step));
    rules.push_back({{"chain", step.chain}, {"rule", step.comment}, {"verdict", step.verdict}});
  }
  if (!policy.feeds.empty()) text += "Feeds count as empty.\n";
  if (!explained.agree())
    text += fmt::format("The ruleset {} it: that is a fault of ravelin, please report it.\n",
                        text_of(explained.ruleset.verdict));
  text += verdict_line(explained) + "\n";
  const policies::Fate& fate = explained.policy.fate;
  json::object by{{"text", policies::decider_text(fate)}};
  if (fate.pos.line != 0) {
    by["file"] = fate.pos.file;
    by["line"] = fate.pos.line;
    by["id"] = fate.id;
  }
  json::object object{{"packet", policies::packet_text(packet)},
                      {"in", packet.in_interface},
                      {"out", packet.out_interface},
                      {"policy", std::move(steps)},
                      {"ruleset", std::move(rules)},
                      {"verdict", policies::verdict_text(fate.verdict)},
                      {"by", std::move(by)},
                      {"agree", explained.agree()}};
  return {explained.is_allowed() ? Went::done : Went::no, std::move(text), json::serialize(object)};
}

}  // namespace ravelin::firewall
