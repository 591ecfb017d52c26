// Which of the challenges a CA offers is taken. Pure.
#pragma once

#include "certs/acme/messages.h"
#include "certs/issuer/challenges.h"

#include <functional>
#include <span>
#include <string>

namespace ravelin::certs::acme {

// The first of `wanted` that the CA offers and `can_answer` says yes to. Error: none, with what is
// offered and what could be answered.
Result<OfferedChallenge> choose_challenge(const Authorization& authorization,
                                          std::span<const ChallengeType> wanted,
                                          const std::function<bool(ChallengeType)>& can_answer);

ChallengeType type_of(const OfferedChallenge& challenge);

// "www.example.com: http-01: detail (type)": why an authorization came to nothing.
std::string failure_text(const Authorization& authorization);
std::optional<Problem> problem_of(const Authorization& authorization);

}  // namespace ravelin::certs::acme
