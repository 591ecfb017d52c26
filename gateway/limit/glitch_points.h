// What each reason costs whoever causes it. Pure; any thread.
#pragma once

#include "gateway/config/abuse_config.h"
#include "gateway/observe/reason.h"

#include <cstdint>
#include <optional>

namespace ravelin::gateway {

// Whether anything came of what is missing.
enum class Came : std::uint8_t { something, nothing };

// Points against a client; 0 for what honest clients do, what is our decision, and what servers do.
// Of a request of which nothing came in time a point is left: browsers connect before they need to,
// but each such connection holds a place, and masses of them are none of a browser.
std::uint32_t glitch_points(Reason reason, Came came = Came::something);

// What triggers count it as; none: nothing. (client_certificate is a failed_handshake, too.)
std::optional<AbuseEvent> abuse_event(Reason reason);

}  // namespace ravelin::gateway
