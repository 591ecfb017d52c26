#include "firewall/control/checks.h"

#include <fmt/format.h>

namespace ravelin::firewall {
namespace {

using policies::Proof;

void add_proof(const Proof& proof, const base::SourcePos& pos, std::string_view what,
               std::vector<Objection>& found) {
  if (proof.holds()) return;
  const std::string_view doubt =
      proof.answer == Proof::Answer::undecided ? "cannot be proved: " : "";
  found.push_back(
      {Objection::Kind::lockout, pos, fmt::format("{}: {}{}", what, doubt, proof.message)});
}

}  // namespace

std::vector<Objection> objections(const policies::Policy& policy,
                                  const std::optional<policies::SshPeer>& peer,
                                  const policies::TestWorld& world) {
  std::vector<Objection> found;
  for (const policies::TestOutcome& outcome : policies::run_tests(policy, world)) {
    if (outcome.passed) continue;
    const std::string name = outcome.name.empty() ? "" : fmt::format(" \"{}\"", outcome.name);
    found.push_back(
        {Objection::Kind::test, outcome.pos, fmt::format("test{}: {}", name, outcome.message)});
  }
  policies::Effort effort;
  const base::SourcePos management = policy.management ? policy.management->pos : base::SourcePos{};
  add_proof(policies::prove_management(policy, effort), management, "management would be cut off",
            found);
  if (!peer) return found;
  add_proof(
      policies::prove_peer(policy, *peer, effort), {},
      fmt::format("your own session from {} would be cut off", base::to_string(peer->address)),
      found);
  return found;
}

std::string to_string(const Objection& objection) {
  if (objection.pos.line == 0) return objection.message;
  return base::to_string(base::fail_at(objection.pos, "{}", objection.message));
}

}  // namespace ravelin::firewall
