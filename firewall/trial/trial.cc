#include "firewall/trial/trial.h"

#include "firewall/kernel/time_zone.h"
#include "policies/space/interface_classes.h"

#include <algorithm>
#include <thread>

namespace ravelin::firewall::trial {
namespace {

using policies::Packet;
using policies::Policy;
using policies::PolicyTest;
using policies::TestOutcome;

constexpr std::string_view kNowhere = "none0";  // an interface of no zone
constexpr auto kLongest = std::chrono::seconds(30);

// The packets of a test, each of a connection of its own.
struct TestRun {
  std::vector<Packet> packets;
};

base::Result<TestRun> packets_of(const Policy& policy, const PolicyTest& test,
                                 std::chrono::sys_seconds wall) {
  auto made = policies::packet_of(policy, test.packet);
  if (!made) return made.error();
  // The address chosen for this host is one that the test uses.
  if (made->source == made->destination) {
    base::IpAddress& own = made->in_interface.empty() ? made->source : made->destination;
    own = policies::next(own);
  }
  TestRun run;
  const std::uint32_t count = std::max<std::uint32_t>(test.packet.repeat, 1);
  for (std::uint32_t i = 0; i < count; ++i) {
    Packet packet = *made;
    packet.wall = wall;
    packet.at = std::chrono::nanoseconds(test.packet.within) * i / count;
    packet.source_port = static_cast<std::uint16_t>(32768 + i % 28000);
    run.packets.push_back(std::move(packet));
  }
  return run;
}

std::string interface_towards(const Policy& policy, const base::IpAddress& address) {
  for (std::size_t i = 0; i < policy.zones.size(); ++i) {
    if (policies::contains(policy.zones[i].networks, address))
      return policies::first_interface(policy, static_cast<policies::ZoneId>(i));
  }
  return std::string(kNowhere);
}

simulate::TableState world_of(const Policy& policy, const Packet& packet) {
  simulate::TableState state;
  if (packet.out_interface.empty()) state.own.push_back(packet.destination);
  state.redirected_to = packet.destination;
  for (const policies::NatRule& nat : policy.nat) {
    for (const base::IpAddress& to : nat.to) {
      const int bits = to.family == base::Family::ipv4 ? 32 : 128;
      state.routes.push_back({{to, bits}, interface_towards(policy, to)});
    }
  }
  return state;
}

TestOutcome failed(const PolicyTest& test, std::string message) {
  return {.pos = test.pos, .name = test.name, .passed = false, .message = std::move(message)};
}

TestOutcome run_on_ruleset(const Policy& policy, const PolicyTest& test, const Ruleset& ruleset,
                           std::chrono::sys_seconds now) {
  const auto run = packets_of(policy, test, now);
  if (!run) return failed(test, run.error().message);
  simulate::TableState state = world_of(policy, run->packets.front());
  Trace first, last;
  for (const Packet& packet : run->packets) {
    last = trace_of(simulate::run(ruleset, packet, state), packet);
    if (&packet == &run->packets.front()) first = last;
  }
  return judge(policy, test, run->packets.front(), first, last);
}

base::Result<TestOutcome> run_in_kernel(const Policy& policy, const PolicyTest& test,
                                        const Ruleset& ruleset, std::chrono::sys_seconds now) {
  const auto run = packets_of(policy, test, now);
  if (!run) return failed(test, run.error().message);
  if (test.packet.repeat > 1 && test.packet.within > kLongest)
    return failed(test, "takes longer than 30 s with real packets");
  Places places;
  if (!add_places(run->packets.front(), places))
    return failed(test, "has an address that no network carries");
  for (const policies::NatRule& nat : policy.nat) {
    for (const base::IpAddress& to : nat.to) {
      const std::string interface = interface_towards(policy, to);
      if (!places.own.contains(to)) places.beyond.emplace(to, interface);
      places.interfaces.insert(interface);
    }
  }
  auto trial = KernelTrial::open(ruleset, {}, places);
  if (!trial) return trial.error();
  Trace first, last;
  const auto start = std::chrono::steady_clock::now();
  for (const Packet& packet : run->packets) {
    std::this_thread::sleep_until(start + packet.at);
    // Looking takes milliseconds, in which a limit would forgive what came too fast.
    if (&packet != &run->packets.front() && &packet != &run->packets.back()) {
      if (auto sent = trial->send_unwatched(packet); !sent) return sent.error();
      continue;
    }
    auto trace = trial->send(packet);
    if (!trace) return trace.error();
    last = std::move(*trace);
    if (&packet == &run->packets.front()) first = last;
  }
  return judge(policy, test, run->packets.front(), first, last);
}

base::Result<std::vector<TestOutcome>> run_all_in_kernel(const Policy& policy,
                                                         CompileOptions options) {
  options.kernel_west = kernel_minutes_west();
  const Ruleset ruleset = compile(policy, options).ruleset;
  std::vector<TestOutcome> outcomes;
  for (const PolicyTest& test : policy.tests) {
    if (test.kind != PolicyTest::Kind::packet) {
      outcomes.push_back(policies::run_test(policy, test, {{}, options.now}));
      continue;
    }
    auto outcome = run_in_kernel(policy, test, ruleset, options.now);
    if (!outcome) return outcome.error();
    outcomes.push_back(std::move(*outcome));
  }
  return outcomes;
}

}  // namespace

std::vector<TestOutcome> run_tests_on_ruleset(const Policy& policy, const CompileOptions& options) {
  const Ruleset ruleset = compile(policy, options).ruleset;
  std::vector<TestOutcome> outcomes;
  outcomes.reserve(policy.tests.size());
  for (const PolicyTest& test : policy.tests) {
    outcomes.push_back(test.kind == PolicyTest::Kind::packet
                           ? run_on_ruleset(policy, test, ruleset, options.now)
                           : policies::run_test(policy, test, {{}, options.now}));
  }
  return outcomes;
}

base::Result<std::vector<TestOutcome>> run_tests_in_kernel(const Policy& policy,
                                                           const CompileOptions& options) {
  base::Result<std::vector<TestOutcome>> outcomes = std::vector<TestOutcome>{};
  std::thread thread([&] { outcomes = run_all_in_kernel(policy, options); });
  thread.join();
  return outcomes;
}

}  // namespace ravelin::firewall::trial
