// The rules of `listeners[].routes[]`: split, sticky, rewrite, header rules, as written.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/route_config.h"

namespace ravelin::gateway {

// Of a listener or a route.
bool read_error_pages(const base::yaml::Value& value, std::vector<ErrorPageConfig>& target);

// Reads these keys of a route into it.
void parse_route_rules(base::yaml::Map& map, RouteConfig& route);

}  // namespace ravelin::gateway
