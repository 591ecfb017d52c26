// `listeners[].routes[].match`: which requests a route takes, as written.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/match_config.h"

namespace ravelin::gateway {

RouteMatch parse_match(base::yaml::Map map);

// What the lists of clients of a route may be: `match.from`, `allow`, `deny`.
bool read_clients(const base::yaml::Value& value, std::vector<base::IpPrefix>& target);

}  // namespace ravelin::gateway
