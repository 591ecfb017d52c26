// What is put into the kernel when the confirmed policy cannot be: nobody but management gets in.
// Never everybody. Pure; any thread.
#pragma once

#include "firewall/state/policy_bundle.h"
#include "policies/model/policy.h"

#include <optional>
#include <string_view>

namespace ravelin::firewall {

inline constexpr std::string_view kFallbackFile = "fallback.json";  // in the state directory

// What becomes of packets from one interface to another: where the policy it stands for says
// nothing of them (policies::forwards), they are others' as before.
enum class Forwarding { denied, left_alone };

// A policy of one zone, every interface: it lets in what `management` names (without one: ssh from
// anywhere; where its `from` names nobody: nobody), and nothing is forwarded but for what was
// before. What the host sends is as free as without a policy.
PolicyBundle management_only(const std::optional<policies::Management>& management,
                             Forwarding forwarding);

// Whether a policy made by it lets in anybody.
bool lets_anybody_in(const policies::Policy& fallback);

}  // namespace ravelin::firewall
