#include "tests/firewall/oracles/case.h"

#include "firewall/compile/key_bytes.h"
#include "firewall/trial/trace.h"
#include "policies/space/interface_classes.h"

#include <algorithm>

namespace ravelin::firewall::oracles {
namespace {

using base::Family;
using policies::Packet;

constexpr std::string_view kNowhere = "none9";  // an interface of no zone

void add_feed(const policies::Feed& feed, const policies::AddressRanges& entries,
              simulate::TableState& state) {
  for (const policies::AddressRange& range : policies::difference(entries, feed.never)) {
    const bool is_v4 = range.first.family == Family::ipv4;
    const bool is_host = range.first == range.last;
    const FeedPart part = is_v4     ? is_host ? FeedPart::hosts4 : FeedPart::nets4
                          : is_host ? FeedPart::hosts6
                                    : FeedPart::nets6;
    state.contents[feed_set_name(feed.name, part)].push_back(
        {address_bytes(range.first), is_host ? Bytes{} : address_bytes(range.last), {}, {}, {}});
  }
}

}  // namespace

std::string to_string(const Answer& answer) {
  std::string text(policies::verdict_text(answer.verdict));
  text += answer.line != 0 ? fmt::format(" by line {}", answer.line) : " by no line";
  if (answer.causes_ban) text += ", source banned";
  if (answer.dnat_to) text += ", to " + base::to_string(*answer.dnat_to);
  if (answer.dnat_port) text += fmt::format(", port {}", *answer.dnat_port);
  return text;
}

const std::vector<std::string>& cgroups() {
  static const std::vector<std::string> paths = {"system.slice", "user.slice"};
  return paths;
}

CompileOptions options_of(const Case& asked) {
  CompileOptions options;
  options.now = asked.compiled_at;
  for (std::size_t i = 0; i < cgroups().size(); ++i)
    options.cgroups.emplace(cgroups()[i], i + 1);
  return options;
}

simulate::TableState table_state_of(const Case& asked) {
  simulate::TableState state;
  for (std::size_t i = 0; i < asked.policy.feeds.size() && i < asked.feeds.size(); ++i)
    add_feed(asked.policy.feeds[i], asked.feeds[i], state);
  for (const base::IpAddress& address : asked.banned) {
    const bool is_v4 = address.family == Family::ipv4;
    state.contents[is_v4 ? "ban4" : "ban6"].push_back(
        {address_bytes(policies::source_key(address)), {}, {}, {}, {}});
  }
  for (std::size_t i = 0; i < asked.policy.zones.size(); ++i) {
    const std::string interface =
        policies::first_interface(asked.policy, static_cast<policies::ZoneId>(i));
    for (const policies::AddressRange& range : asked.policy.zones[i].networks) {
      for (const base::IpPrefix& prefix : policies::prefixes_of(range))
        state.routes.push_back({prefix, interface});
    }
  }
  for (const std::string_view all : {"0.0.0.0/0", "::/0"})
    state.routes.push_back({*base::parse_prefix(all), std::string(kNowhere)});
  return state;
}

policies::SimulationState simulation_state_of(const Case& asked) {
  policies::SimulationState state(asked.feeds);
  for (const base::IpAddress& address : asked.banned)
    state.ban(address, std::chrono::hours(24));
  return state;
}

Answer answer_of(const policies::Fate& fate) {
  const bool is_by_line =
      fate.decider == policies::Decider::rule || fate.decider == policies::Decider::nat;
  Answer answer{fate.verdict, is_by_line ? fate.pos.line : 0, fate.causes_ban, {}, {}};
  if (fate.verdict != policies::Verdict::allow) return answer;
  answer.dnat_to = fate.dnat_to;
  answer.dnat_port = fate.dnat_port;
  return answer;
}

Answer answer_of(const simulate::Outcome& outcome, const Packet& packet) {
  using Kind = simulate::Outcome::Verdict;
  Answer answer;
  answer.verdict = outcome.verdict == Kind::accept ? policies::Verdict::allow
                   : outcome.verdict == Kind::drop ? policies::Verdict::deny
                                                   : policies::Verdict::reject;
  const auto last = std::find_if(outcome.steps.rbegin(), outcome.steps.rend(),
                                 [](const auto& step) { return !trial::is_beside(step.chain); });
  if (last != outcome.steps.rend()) answer.line = trial::line_in(last->comment);
  answer.causes_ban = std::any_of(outcome.added.begin(), outcome.added.end(), [](const auto& one) {
    return one.set == set_names::kPacketBan4 || one.set == set_names::kPacketBan6;
  });
  if (answer.verdict != policies::Verdict::allow) return answer;
  answer.dnat_to = outcome.dnat_to;
  if (outcome.dnat_to || outcome.is_redirected)
    answer.dnat_port = outcome.dnat_port.value_or(packet.destination_port);
  return answer;
}

std::optional<Disagreement> disagreement(const Case& asked, const Ruleset& ruleset) {
  simulate::TableState table = table_state_of(asked);
  policies::SimulationState state = simulation_state_of(asked);
  for (std::size_t i = 0; i < asked.packets.size(); ++i) {
    const Packet& packet = asked.packets[i];
    table.own.clear();
    if (packet.out_interface.empty()) table.own.push_back(packet.destination);
    table.redirected_to = packet.destination;
    const auto& groups = cgroups();
    const auto group = std::find(groups.begin(), groups.end(), packet.cgroup);
    table.cgroup =
        group == groups.end() ? 0 : static_cast<std::uint64_t>(group - groups.begin()) + 1;
    const Answer by_policy = answer_of(policies::simulate(asked.policy, packet, state));
    const Answer by_ruleset = answer_of(simulate::run(ruleset, packet, table), packet);
    if (!(by_policy == by_ruleset)) return Disagreement{i, by_policy, by_ruleset};
  }
  return std::nullopt;
}

std::optional<Disagreement> disagreement(const Case& asked) {
  return disagreement(asked, compile(asked.policy, options_of(asked)).ruleset);
}

}  // namespace ravelin::firewall::oracles
