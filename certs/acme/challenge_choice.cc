#include "certs/acme/challenge_choice.h"

#include "base/check.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::certs::acme {
namespace {

const OfferedChallenge* find_failed(const Authorization& authorization) {
  for (const OfferedChallenge& challenge : authorization.challenges)
    if (challenge.error) return &challenge;
  return nullptr;
}

std::string shown_name(const Authorization& authorization) {
  return (authorization.is_wildcard ? "*." : "") + authorization.identifier.value;
}

}  // namespace

Result<OfferedChallenge> choose_challenge(const Authorization& authorization,
                                          std::span<const ChallengeType> wanted,
                                          const std::function<bool(ChallengeType)>& can_answer) {
  std::vector<std::string> able;
  for (const ChallengeType type : wanted) {
    if (!can_answer(type)) continue;
    able.emplace_back(text_of(type));
    for (const OfferedChallenge& offered : authorization.challenges)
      if (offered.type == text_of(type)) return offered;
  }
  std::vector<std::string> offered;
  for (const OfferedChallenge& challenge : authorization.challenges)
    offered.push_back(challenge.type);
  return base::fail(base::Errc::denied, "{}: the CA offers {}; what can be answered here: {}",
                    shown_name(authorization),
                    offered.empty() ? "no challenge" : base::join(offered, ", ").substr(0, 200),
                    able.empty() ? "none" : base::join(able, ", "));
}

ChallengeType type_of(const OfferedChallenge& challenge) {
  const auto* const at =
      std::find(std::begin(kChallengeTypes), std::end(kChallengeTypes), challenge.type);
  CHECK(at != std::end(kChallengeTypes));
  return static_cast<ChallengeType>(at - std::begin(kChallengeTypes));
}

std::string failure_text(const Authorization& authorization) {
  const OfferedChallenge* failed = find_failed(authorization);
  if (failed == nullptr)
    return fmt::format("{}: the CA's authorization is {}", shown_name(authorization),
                       text_of(authorization.status));
  return fmt::format("{}: {}: {}", shown_name(authorization), failed->type,
                     text_of(*failed->error));
}

std::optional<Problem> problem_of(const Authorization& authorization) {
  const OfferedChallenge* failed = find_failed(authorization);
  return failed == nullptr ? std::nullopt : failed->error;
}

}  // namespace ravelin::certs::acme
