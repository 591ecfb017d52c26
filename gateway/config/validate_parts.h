// The parts of validate(), by section of the file.
#pragma once

#include "gateway/config/config.h"
#include "gateway/config/places.h"

namespace ravelin::gateway {

void validate_listeners(const Config& config, Places& places);    // TLS or not, names
void validate_binds(const Config& config, Places& places);        // addresses bound twice
void validate_routes(const Config& config, Places& places);       // pools, conflicts, reachability
void validate_route_rules(const Config& config, Places& places);  // of each route by itself
void validate_limits(const Config& config, Places& places);       // limits that limit nothing
void validate_dns(const Config& config, Places& places);          // name servers, bounds of TTLs
void validate_pools(const Config& config, Places& places);        // servers, use

std::string listener_key(std::size_t index);
std::string route_key(std::size_t listener, std::size_t route);
std::string pool_key(std::size_t index);

}  // namespace ravelin::gateway
