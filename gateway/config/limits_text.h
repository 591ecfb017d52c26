// The limits of a route as a sentence, for people. Pure; any thread.
#pragma once

#include "gateway/config/limits_config.h"

#include <string>

namespace ravelin::gateway {

// "100 requests per 1s, bursts of 200, by client; 50 at a time by client; 1MiB/s down"; "" = none.
std::string limits_text(const RouteLimitsConfig& limits);

}  // namespace ravelin::gateway
