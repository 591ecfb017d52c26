// What stands between a policy that parses and one that may be applied: its own tests, the
// management invariant, and the operator's own session. Pure; any thread.
#pragma once

#include "policies/analyse/prove.h"
#include "policies/check/run_test.h"
#include "policies/model/policy.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct Objection {
  enum class Kind { test, lockout };

  Kind kind = Kind::test;
  base::SourcePos pos;
  std::string message;
};

std::vector<Objection> objections(const policies::Policy& policy,
                                  const std::optional<policies::SshPeer>& peer,
                                  const policies::TestWorld& world);

// "edge.yaml:48:5: test \"ssh closed to world\": …", one a line.
std::string to_string(const Objection& objection);

}  // namespace ravelin::firewall
