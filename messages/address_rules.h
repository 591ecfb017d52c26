// What an address must be to travel in a message: both directions hold the same rules, so that each
// value has one encoding. Each answers with the rule broken, or "". Pure; any thread.
#pragma once

#include "base/address.h"

#include <string_view>

namespace ravelin::messages {

std::string_view flaw_of(const base::IpAddress& address);
std::string_view flaw_of(const base::IpPrefix& prefix);
std::string_view flaw_of(const base::Endpoint& endpoint);

}  // namespace ravelin::messages
