// `listeners[].routes[]`: one route as written.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

namespace ravelin::gateway {

// The name stays empty when none is written.
RouteConfig parse_route(base::yaml::Map map);

}  // namespace ravelin::gateway
