// `listeners[].routes[]`: one route as written.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

namespace ravelin::gateway {

// The name stays empty when none is written.
// `limits`: the listener's, which hold where the route says nothing else.
RouteConfig parse_route(base::yaml::Map map, const RouteLimitsConfig& limits);

}  // namespace ravelin::gateway
