// Dates and times of day as policies write them; all of them UTC. Pure; any thread.
#pragma once

#include "base/result.h"

#include <chrono>
#include <string_view>

namespace ravelin::policies {

// The first moment after: "2026-12-31" is over when the day is, "2026-12-31T12:00:00Z" at that
// second.
base::Result<std::chrono::sys_seconds> parse_until(std::string_view text);

// "08:00" to "24:00".
base::Result<std::chrono::minutes> parse_time_of_day(std::string_view text);

}  // namespace ravelin::policies
