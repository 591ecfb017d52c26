// Names of header fields in rules: which ones a rule may speak of. Pure; any thread.
#pragma once

#include "base/result.h"

#include <string_view>

namespace ravelin::gateway {

// Each takes a name and refuses with what is wrong, worded to follow the quoted name.

// In a condition. Refused: what belongs to the connection, frames the message, or
// never reaches a route (names with "_" are dropped).
base::Result<void> check_matched_field(std::string_view name);

}  // namespace ravelin::gateway
