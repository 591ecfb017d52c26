// What is put into the kernel when the confirmed policy cannot be: nobody but management gets in.
// Never everybody. Pure; any thread.
#pragma once

#include "firewall/state/policy_bundle.h"
#include "policies/model/policy.h"

#include <optional>
#include <string_view>

namespace ravelin::firewall {

inline constexpr std::string_view kFallbackFile = "fallback.json";  // in the state directory

// A policy of one zone, every interface: it lets in what `management` names (without one: ssh from
// anywhere), and nothing is forwarded. What the host sends is as free as without a policy.
PolicyBundle management_only(const std::optional<policies::Management>& management);

}  // namespace ravelin::firewall
