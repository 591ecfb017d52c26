// The gateway's state as the JSON of the operators' protocol. Pure; any thread.
#pragma once

#include "gateway/admin/admin_backend.h"

#include <string>
#include <vector>

namespace ravelin::gateway {

// Each ends in a line feed. Times are RFC 3339 UTC in whole seconds.
std::string status_json(const GatewayStatus& status);
std::string pools_json(const std::vector<PoolStatus>& pools);
std::string abuse_json(const std::vector<AbusiveClient>& clients);
std::string why_json(const BanExplanation& explanation);
std::string overrides_json(const std::vector<OverrideRow>& rows);
std::string stored_certificate_json(const StoredCertificateStatus& certificate);
std::string challenge_json(const ChallengeStatus& challenge);
std::string readiness_json(const Readiness& readiness);

}  // namespace ravelin::gateway
