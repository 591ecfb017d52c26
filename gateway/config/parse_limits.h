// `limits` of routes and listeners, and the top level's: how much one client may ask.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/limits_config.h"

namespace ravelin::gateway {

// Reads `rate`, `concurrent` and `bandwidth` of a map that may hold more. What is not written stays
// as it is; `off` takes a limit away.
void parse_route_limits(base::yaml::Map& map, RouteLimitsConfig& limits);

LimitTablesConfig parse_limit_tables(base::yaml::Map map);

}  // namespace ravelin::gateway
