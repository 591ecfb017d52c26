// Names of header fields in rules: which ones a rule may speak of. Pure; any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace ravelin::gateway {

// Each takes a name and refuses with what is wrong, worded to follow the quoted name.

// In a condition. Refused: what belongs to the connection, frames the message, or
// never reaches a route (names with "_" are dropped).
base::Result<void> check_matched_field(std::string_view name);

// In request_headers or response_headers. Refused: what frames a message, belongs to the
// connection, or is written by the gateway itself.
base::Result<std::string> parse_request_field(std::string_view name);
base::Result<std::string> parse_response_field(std::string_view name);

// A token, case-sensitive (RFC 6265 section 4.1.1).
base::Result<std::string> parse_cookie_name(std::string_view name);

}  // namespace ravelin::gateway
