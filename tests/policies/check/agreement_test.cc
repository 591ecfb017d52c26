// What analysis proves about all packets, against the simulator on every packet that the policies
// of a small universe can tell apart.
#include "policies/analyse/difference.h"
#include "policies/analyse/findings.h"
#include "policies/analyse/prove.h"
#include "policies/simulate/rule_match.h"
#include "policies/simulate/simulate.h"
#include "tests/policies/support/random_policy.h"

#include <gtest/gtest.h>

#include <set>

namespace ravelin::policies {
namespace {

using build::every_packet;
using build::kLan;
using build::kWan;
using build::RandomPolicies;
using Conditions = RandomPolicies::Conditions;

constexpr int kRounds = 200;

Fate fate_of(const Policy& policy, const Packet& packet) {
  SimulationState state;
  return simulate(policy, packet, state);
}

std::vector<Packet> every_path() {
  std::vector<Packet> all;
  for (const ZoneId in : {kWan, kLan}) {
    for (const bool to_host : {true, false}) {
      const std::vector<Packet> more = every_packet(in, to_host);
      all.insert(all.end(), more.begin(), more.end());
    }
  }
  const std::vector<Packet> sent = every_packet(kHost, false);
  all.insert(all.end(), sent.begin(), sent.end());
  return all;
}

// Whether a packet is one the question is about.
bool is_asked(const Policy& policy, const TestPacket& asked, const Packet& packet) {
  const SimulationState state;
  return is_in_services(asked.services, packet) &&
         is_in(asked.from, packet.source, policy, state) &&
         is_in(asked.to, packet.destination, policy, state);
}

std::set<int> lines_never_met(const Policy& policy) {
  std::set<int> lines;
  base::Diagnostics findings;
  Effort effort;
  find_never_met(policy, findings, effort);
  for (const base::Finding& finding : findings.findings()) {
    if (finding.message.starts_with("is never met:")) lines.insert(finding.pos.line);
  }
  return lines;
}

TEST(Agreement, RulesThatAreNeverMetAreExactlyThose) {
  RandomPolicies random(1, Conditions::none);
  const std::vector<Packet> packets = every_path();
  int reported = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Policy policy = random.policy();
    std::set<int> met;
    for (const Packet& packet : packets)
      met.insert(fate_of(policy, packet).pos.line);
    const std::set<int> never = lines_never_met(policy);
    for (const RuleList& list : policy.lists) {
      for (const Rule& rule : list.rules) {
        const bool is_nobody = (rule.from.is_restricted && rule.from.ranges.empty()) ||
                               (rule.to.is_restricted && rule.to.ranges.empty());
        const bool is_reported = never.contains(rule.pos.line);
        EXPECT_EQ(is_reported, !met.contains(rule.pos.line) && !is_nobody)
            << "round " << round << " line " << rule.pos.line;
        reported += is_reported ? 1 : 0;
      }
    }
  }
  EXPECT_GT(reported, kRounds / 2);
}

TEST(Agreement, WithConditionsNoRuleThatIsMetIsReported) {
  RandomPolicies random(2, Conditions::some);
  const std::vector<Packet> packets = every_path();
  for (int round = 0; round < kRounds; ++round) {
    const Policy policy = random.policy();
    const std::set<int> never = lines_never_met(policy);
    for (Packet packet : packets) {
      // each condition met, and not
      for (const std::uint32_t uid : {0U, 1U}) {
        packet.uid = uid;
        packet.wall = std::chrono::sys_seconds{std::chrono::hours(2 * uid)};
        EXPECT_FALSE(never.contains(fate_of(policy, packet).pos.line)) << "round " << round;
      }
    }
  }
}

// How many questions of each answer there were, so that a run that asks nothing fails.
struct Asked {
  int held = 0, failed = 0;

  void count(bool holds) { ++(holds ? held : failed); }
};

void expect_refuted(const Policy& policy, const Proof& proof, Verdict verdict) {
  ASSERT_TRUE(proof.counterexample.has_value());
  const Fate fate = fate_of(policy, *proof.counterexample);
  EXPECT_EQ(fate.verdict == Verdict::allow, verdict == Verdict::allow) << proof.message;
  EXPECT_EQ(fate.pos.line, proof.by.line) << proof.message;
}

TEST(Agreement, NeverHoldsExactlyWhenNoPacketPasses) {
  RandomPolicies random(3, Conditions::none);
  Asked answers;
  for (int round = 0; round < kRounds; ++round) {
    const Policy policy = random.policy();
    for (int i = 0; i < 5; ++i) {
      const TestPacket asked = random.question();
      Effort effort;
      const Proof proof = prove_never(policy, asked, effort);
      bool is_passed = false;
      for (const Packet& packet : every_packet(*asked.in, asked.to_host)) {
        if (!is_asked(policy, asked, packet)) continue;
        const Fate fate = fate_of(policy, packet);
        is_passed =
            is_passed || (fate.verdict == Verdict::allow &&
                          (fate.decider != Decider::essential_icmp || !asked.services.empty()));
      }
      EXPECT_EQ(proof.holds(), !is_passed) << "round " << round << ": " << proof.message;
      if (!proof.holds()) expect_refuted(policy, proof, Verdict::allow);
      answers.count(proof.holds());
    }
  }
  EXPECT_GT(answers.held, 100);
  EXPECT_GT(answers.failed, 100);
}

TEST(Agreement, AlwaysHoldsExactlyWhenEveryPacketPasses) {
  RandomPolicies random(4, Conditions::none);
  Asked answers;
  for (int round = 0; round < kRounds * 3; ++round) {
    const Policy policy = random.policy();
    const TestPacket asked = random.question();
    Effort effort;
    const Proof proof = prove_always(policy, asked, effort);
    bool is_stopped = false;
    int count = 0;
    for (const Packet& packet : every_packet(*asked.in, asked.to_host)) {
      if (!is_asked(policy, asked, packet)) continue;
      const Fate fate = fate_of(policy, packet);
      // Sources outside of the zone are asked about only when they are named.
      if (fate.decider == Decider::spoofed && !asked.from.is_restricted) continue;
      ++count;
      is_stopped = is_stopped || fate.verdict != Verdict::allow;
    }
    EXPECT_EQ(proof.holds(), !is_stopped && count != 0)
        << "round " << round << ": " << proof.message;
    if (!proof.holds() && proof.counterexample) expect_refuted(policy, proof, Verdict::deny);
    answers.count(proof.holds());
  }
  EXPECT_GT(answers.held, 30);
  EXPECT_GT(answers.failed, 100);
}

TEST(Agreement, ConditionsNeverMakeAProofWrong) {
  RandomPolicies random(5, Conditions::some);
  Asked answers;
  for (int round = 0; round < kRounds; ++round) {
    const Policy policy = random.policy();
    const TestPacket asked = random.question();
    Effort effort;
    const bool is_never = prove_never(policy, asked, effort).holds();
    answers.count(is_never);
    if (!is_never) continue;
    for (Packet packet : every_packet(*asked.in, asked.to_host)) {
      if (!is_asked(policy, asked, packet)) continue;
      for (const int hours : {0, 2}) {
        packet.wall = std::chrono::sys_seconds{std::chrono::hours(hours)};
        const Fate fate = fate_of(policy, packet);
        EXPECT_TRUE(fate.verdict != Verdict::allow || fate.decider == Decider::essential_icmp)
            << "round " << round;
      }
    }
  }
  EXPECT_GT(answers.held, 20);
  EXPECT_GT(answers.failed, 20);
}

TEST(Agreement, PoliciesDifferExactlyWhenAPacketMeetsAnotherFate) {
  RandomPolicies random(6, Conditions::none);
  const std::vector<Packet> packets = every_path();
  Asked answers;
  for (int round = 0; round < kRounds; ++round) {
    const Policy before = random.policy();
    Policy after = before;
    // one rule less, or two in another order
    RuleList& list = after.lists[random.below(4)];
    if (list.rules.size() > 1) {
      const std::size_t at = random.below(static_cast<unsigned>(list.rules.size() - 1));
      if (random.chance(2))
        std::swap(list.rules[at], list.rules[at + 1]);
      else
        list.rules.erase(list.rules.begin() + static_cast<std::ptrdiff_t>(at));
    }
    const Difference told = difference_between(before, after);
    EXPECT_TRUE(told.is_complete);
    bool differs = false;
    for (const Packet& packet : packets) {
      const Fate was = fate_of(before, packet), is = fate_of(after, packet);
      differs = differs || (was.verdict == Verdict::allow) != (is.verdict == Verdict::allow);
    }
    EXPECT_EQ(differs, !told.lines.empty()) << "round " << round;
    answers.count(told.lines.empty());
  }
  EXPECT_GT(answers.held, 30);
  EXPECT_GT(answers.failed, 30);
}

}  // namespace
}  // namespace ravelin::policies
