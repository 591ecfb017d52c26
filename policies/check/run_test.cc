#include "policies/check/run_test.h"

#include "policies/analyse/prove.h"
#include "policies/simulate/simulate.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::policies {
namespace {

std::string_view word(Verdict verdict) {
  constexpr std::string_view kWords[] = {"allow", "deny", "reject", "ban"};
  return kWords[static_cast<std::size_t>(verdict)];
}

bool is_as_expected(Verdict expected, const Fate& fate) {
  if (expected == Verdict::ban) return fate.causes_ban || fate.decider == Decider::banned;
  return fate.verdict == expected;
}

std::string happened(const Fate& fate) {
  return fmt::format("{} by {}{}", verdict_text(fate.verdict), decider_text(fate),
                     fate.causes_ban ? ", and its source banned" : "");
}

std::string destination_text(const Fate& fate) {
  if (!fate.dnat_to) return "not forwarded";
  return "forwarded to " +
         base::to_string(base::IpEndpoint{*fate.dnat_to, fate.dnat_port.value_or(0)});
}

// What of the first packet is not as expected; empty: nothing.
std::string wrong(const PolicyTest& test, const Fate& fate) {
  if (test.expect && !is_as_expected(*test.expect, fate))
    return fmt::format("expected {}, but it is {}", word(*test.expect), happened(fate));
  if (!test.by.empty() && fate.id != test.by)
    return fmt::format("expected rule \"{}\" to decide, but it is {}", test.by, happened(fate));
  if (test.dnat_to && fate.dnat_to != test.dnat_to)
    return fmt::format("expected it forwarded to {}, but it is {}", base::to_string(*test.dnat_to),
                       destination_text(fate));
  if (test.dnat_port && fate.dnat_port != test.dnat_port)
    return fmt::format("expected port {}, but it is {}", *test.dnat_port, destination_text(fate));
  if (!test.redirect_port) return {};
  const bool is_redirected = !fate.dnat_to && fate.dnat_port == test.redirect_port;
  if (is_redirected) return {};
  return fmt::format("expected it redirected to port {}, but it is {}", *test.redirect_port,
                     fate.dnat_port && !fate.dnat_to
                         ? fmt::format("redirected to port {}", *fate.dnat_port)
                         : "not redirected");
}

void run_packet(const Policy& policy, const PolicyTest& test, const TestWorld& world,
                TestOutcome& outcome) {
  const auto made = packet_of(policy, test.packet);
  if (!made) {
    outcome.message = made.error().message;
    return;
  }
  SimulationState state(world.feeds);
  Packet packet = *made;
  packet.wall = world.wall;
  const std::uint32_t count = std::max<std::uint32_t>(test.packet.repeat, 1);
  Fate first, last;
  for (std::uint32_t i = 0; i < count; ++i) {
    packet.at = std::chrono::nanoseconds(test.packet.within) * i / count;
    packet.source_port = static_cast<std::uint16_t>(32768 + i % 28000);
    last = simulate(policy, packet, state);
    if (i == 0) first = last;
  }
  std::string what = wrong(test, first);
  if (what.empty() && test.expect_last && !is_as_expected(*test.expect_last, last)) {
    what = fmt::format("expected {} at the last of {}, but it is {}", word(*test.expect_last),
                       count, happened(last));
  }
  outcome.passed = what.empty();
  outcome.message = fmt::format("{}: {}", packet_text(*made),
                                outcome.passed ? happened(count > 1 ? last : first) : what);
}

}  // namespace

TestOutcome run_test(const Policy& policy, const PolicyTest& test, const TestWorld& world) {
  TestOutcome outcome{.pos = test.pos, .name = test.name};
  if (test.kind == PolicyTest::Kind::packet) {
    run_packet(policy, test, world, outcome);
    return outcome;
  }
  Effort effort;
  const Proof proof = test.kind == PolicyTest::Kind::never
                          ? prove_never(policy, test.packet, effort)
                          : prove_always(policy, test.packet, effort);
  outcome.passed = proof.holds();
  outcome.message = proof.holds() ? "holds for every packet" : proof.message;
  return outcome;
}

std::vector<TestOutcome> run_tests(const Policy& policy, const TestWorld& world) {
  std::vector<TestOutcome> outcomes;
  for (const PolicyTest& test : policy.tests)
    outcomes.push_back(run_test(policy, test, world));
  return outcomes;
}

}  // namespace ravelin::policies
