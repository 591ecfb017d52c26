// Limits of routes: that what they count by can be there, and that there is something to limit.
// Pure.
#include "gateway/config/validate_parts.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

using Kind = LimitKeyConfig::Kind;

bool asks_for_certificates(const ListenerConfig& listener) {
  return listener.tls && listener.tls->client_auth.mode != ClientAuthMode::none;
}

// Where a route's limit is written: on the route, or on its listener.
std::string written_at(const std::string& listener, const std::string& route,
                       std::string_view limit, const Places& places) {
  const std::string own = fmt::format("{}.limits.{}", route, limit);
  return places.is_written(own) ? own : fmt::format("{}.limits.{}", listener, limit);
}

void check_key(const LimitKeyConfig& key, const ListenerConfig& listener, const std::string& limit,
               Places& places) {
  if (key.kind != Kind::certificate || asks_for_certificates(listener)) return;
  places.error(limit + ".key", listener.pos,
               "counts by client certificate, but \"tls.client_auth\" asks for none");
}

void check_route(const ListenerConfig& listener, const std::string& listener_key,
                 const RouteConfig& route, const std::string& key, Places& places) {
  const RouteLimitsConfig& limits = route.limits;
  if (limits.rate)
    check_key(limits.rate->key, listener, written_at(listener_key, key, "rate", places), places);
  if (limits.concurrent)
    check_key(limits.concurrent->key, listener, written_at(listener_key, key, "concurrent", places),
              places);
}

// A port of it is one the kernel can answer for.
bool has_port(const ListenerConfig& listener) {
  return std::ranges::any_of(listener.bind, [](const base::Endpoint& bind) {
    const auto* ip = std::get_if<base::IpEndpoint>(&bind);
    return ip != nullptr && ip->port != 0 && !base::is_loopback(ip->address);
  });
}

void check_kernel(const Config& config, Places& places) {
  if (!config.overload.kernel) return;
  const base::SourcePos pos{config.path, 0, 0};
  if (!config.firewall || !config.firewall->takes_bans)
    places.error("overload.kernel", pos,
                 "needs \"firewall\" (and its \"bans\"): its agent is who limits connections");
  for (const std::string& name : config.overload.kernel->synproxy) {
    const auto found = std::ranges::find(config.listeners, name, &ListenerConfig::name);
    if (found == config.listeners.end())
      places.error("overload.kernel.synproxy", pos,
                   fmt::format("there is no listener \"{}\"", name));
    else if (!has_port(*found))
      places.error("overload.kernel.synproxy", pos,
                   fmt::format("listener \"{}\" has no address and port that others reach", name));
  }
}

}  // namespace

void validate_limits(const Config& config, Places& places) {
  check_kernel(config, places);
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const ListenerConfig& listener = config.listeners[i];
    const std::string key = listener_key(i);
    for (std::size_t j = 0; j < listener.routes.size(); ++j)
      check_route(listener, key, listener.routes[j], route_key(i, j), places);
    const bool is_limited = listener.route_limits != RouteLimitsConfig{};
    if (listener.redirect_https && is_limited) {
      places.error(key + ".limits", listener.pos,
                   "\"rate\", \"concurrent\" and \"bandwidth\" are for routes; this listener "
                   "redirects");
    }
  }
}

}  // namespace ravelin::gateway
