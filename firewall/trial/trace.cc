#include "firewall/trial/trace.h"

#include "base/text.h"
#include "firewall/compile/compile.h"
#include "policies/simulate/simulate.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::firewall::trial {
namespace {

using policies::Packet;
using policies::Policy;
using policies::PolicyTest;
using policies::Verdict;

std::string happened(const Trace& trace) {
  return fmt::format("{} by {}{}", policies::verdict_text(trace.verdict),
                     trace.by.empty() ? "nothing that counts" : trace.by,
                     trace.causes_ban ? ", and its source banned" : "");
}

bool is_as_expected(Verdict expected, const Trace& trace) {
  if (expected == Verdict::ban) return trace.causes_ban || trace.by.starts_with("banned");
  return trace.verdict == expected;
}

// The lines that have this id.
bool is_line_of(const Policy& policy, std::string_view id, int line) {
  const auto is_it = [&](const auto& one) { return one.id == id && one.pos.line == line; };
  return std::any_of(policy.nat.begin(), policy.nat.end(), is_it) ||
         std::any_of(policy.lists.begin(), policy.lists.end(), [&](const auto& list) {
           return std::any_of(list.rules.begin(), list.rules.end(), is_it);
         });
}

std::string destination_text(const Trace& trace) {
  if (!trace.dnat_to && !trace.dnat_port) return "it stays where it was sent";
  return trace.dnat_to
             ? "it goes to " +
                   base::to_string(base::IpEndpoint{*trace.dnat_to, trace.dnat_port.value_or(0)})
             : fmt::format("it is redirected to port {}", *trace.dnat_port);
}

std::string wrong(const Policy& policy, const PolicyTest& test, const Trace& trace) {
  if (test.expect && !is_as_expected(*test.expect, trace))
    return fmt::format("expected another verdict, but it is {}", happened(trace));
  if (!test.by.empty() && !is_line_of(policy, test.by, line_in(trace.by)))
    return fmt::format("expected rule \"{}\" to decide, but it is {}", test.by, happened(trace));
  const bool is_turned =
      (!test.dnat_to || trace.dnat_to == test.dnat_to) &&
      (!test.dnat_port || trace.dnat_port == test.dnat_port) &&
      (!test.redirect_port || (!trace.dnat_to && trace.dnat_port == test.redirect_port));
  return is_turned ? std::string() : "expected another destination, but " + destination_text(trace);
}

}  // namespace

bool is_beside(std::string_view chain) {
  constexpr std::string_view kBeginnings[] = {"post_nat", "snat_",   "pre_nat",
                                              "dnat_",    "raw_pre", "from_"};
  return std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                     [&](std::string_view beginning) { return chain.starts_with(beginning); });
}

int line_in(std::string_view comment) {
  const std::string_view place = comment.substr(0, comment.find(' '));
  const std::size_t colon = place.rfind(':');
  if (colon == std::string_view::npos) return 0;
  const auto line = base::parse_u64(place.substr(colon + 1));
  return line ? static_cast<int>(*line) : 0;
}

Trace trace_of(const simulate::Outcome& outcome, const Packet& packet) {
  using Kind = simulate::Outcome::Verdict;
  Trace trace;
  trace.verdict = outcome.verdict == Kind::accept ? Verdict::allow
                  : outcome.verdict == Kind::drop ? Verdict::deny
                                                  : Verdict::reject;
  // A packet that was dropped before the chains that decide was dropped by the last step.
  const auto last = std::find_if(
      outcome.steps.rbegin(), outcome.steps.rend(),
      [&](const auto& step) { return outcome.verdict == Kind::drop || !is_beside(step.chain); });
  if (last != outcome.steps.rend()) trace.by = last->comment;
  trace.causes_ban = std::any_of(outcome.added.begin(), outcome.added.end(), [](const auto& one) {
    return one.set == set_names::kPacketBan4 || one.set == set_names::kPacketBan6;
  });
  if (trace.verdict != Verdict::allow) return trace;
  trace.dnat_to = outcome.dnat_to;
  if (outcome.dnat_to || outcome.is_redirected)
    trace.dnat_port = outcome.dnat_port.value_or(packet.destination_port);
  return trace;
}

policies::TestOutcome judge(const Policy& policy, const PolicyTest& test, const Packet& packet,
                            const Trace& first, const Trace& last) {
  std::string what = wrong(policy, test, first);
  if (what.empty() && test.expect_last && !is_as_expected(*test.expect_last, last))
    what = fmt::format("at the last of {}: it is {}", test.packet.repeat, happened(last));
  policies::TestOutcome outcome{.pos = test.pos, .name = test.name, .passed = what.empty()};
  outcome.message =
      fmt::format("{}: {}", policies::packet_text(packet), outcome.passed ? happened(last) : what);
  return outcome;
}

}  // namespace ravelin::firewall::trial
