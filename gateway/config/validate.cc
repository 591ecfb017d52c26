#include "gateway/config/validate.h"

#include "gateway/config/validate_parts.h"

namespace ravelin::gateway {

void validate(const Config& config, const base::yaml::Origins& origins,
              base::Diagnostics& diagnostics) {
  Places places(origins, diagnostics);
  validate_listeners(config, places);
  validate_binds(config, places);
  validate_routes(config, places);
  validate_route_rules(config, places);
  validate_limits(config, places);
  validate_dns(config, places);
  validate_pools(config, places);
}

std::string listener_key(std::size_t index) {
  return fmt::format("listeners[{}]", index);
}

std::string route_key(std::size_t listener, std::size_t route) {
  return fmt::format("listeners[{}].routes[{}]", listener, route);
}

std::string pool_key(std::size_t index) {
  return fmt::format("pools[{}]", index);
}

}  // namespace ravelin::gateway
