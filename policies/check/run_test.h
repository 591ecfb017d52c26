// Runs the tests that a policy brings along: packets through the simulator, `never` and `always`
// through the proofs. Pure; any thread.
#pragma once

#include "base/result.h"
#include "policies/model/packet.h"
#include "policies/model/policy.h"

#include <chrono>
#include <string>
#include <vector>

namespace ravelin::policies {

struct TestOutcome {
  SourcePos pos;  // of the test
  std::string name;
  bool passed = false;
  // What was expected, what happened and which line decided:
  // "tcp/22 from 203.0.113.9 to 192.0.2.1: expected deny, but it is allowed by edge.yaml:35".
  std::string message;

  friend bool operator==(const TestOutcome&, const TestOutcome&) = default;
};

// The world of a test: what feeds hold (by index; missing: nothing) and what time it is.
struct TestWorld {
  std::vector<AddressRanges> feeds;
  std::chrono::sys_seconds wall{};
};

TestOutcome run_test(const Policy& policy, const PolicyTest& test, const TestWorld& world = {});
std::vector<TestOutcome> run_tests(const Policy& policy, const TestWorld& world = {});

// The first packet of a test. What it leaves open is chosen: the interface is the zone's first
// ("wg*" becomes "wg0"); the source an address of the zone's first network; the zone of a
// destination the one whose networks hold it; addresses of this host those of RFC 5737 and RFC
// 3849. Error: something cannot be chosen, or source and destination are of two families.
base::Result<Packet> packet_of(const Policy& policy, const TestPacket& test);

}  // namespace ravelin::policies
