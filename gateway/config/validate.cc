#include "gateway/config/validate.h"

#include "gateway/config/validate_parts.h"

namespace ravelin::gateway {
namespace {

// Whoever keeps a file may write to all that is in its folder: the gateway is not to reach keys.
void validate_overrides(const Config& config, Places& places) {
  if (config.admin.overrides.empty() || config.certs_store.empty()) return;
  const std::string folder =
      config.admin.overrides.substr(0, config.admin.overrides.rfind('/') + 1);
  if (!(config.certs_store + "/").starts_with(folder)) return;
  places.error(
      "admin.overrides", {},
      fmt::format("is kept in \"{}\", which holds the keys of \"certs.store\", and the "
                  "gateway may write to all that is in there; give it a directory of its own",
                  folder));
}

}  // namespace

void validate(const Config& config, const base::yaml::Origins& origins,
              base::Diagnostics& diagnostics) {
  Places places(origins, diagnostics);
  validate_overrides(config, places);
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
