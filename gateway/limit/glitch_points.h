// What each reason costs whoever causes it. Pure; any thread.
#pragma once

#include "gateway/config/abuse_config.h"
#include "gateway/observe/reason.h"

#include <cstdint>
#include <optional>

namespace ravelin::gateway {

// Points against a client; 0 for what honest clients do, what is our decision, and what servers do.
std::uint32_t glitch_points(Reason reason);

// What triggers count it as; none: nothing. (client_certificate is a failed_handshake, too.)
std::optional<AbuseEvent> abuse_event(Reason reason);

}  // namespace ravelin::gateway
