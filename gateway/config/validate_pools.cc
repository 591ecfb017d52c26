// Pools: somebody must take the traffic, and every server counts once. Pure.
#include "gateway/config/validate_parts.h"

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::gateway {
namespace {

std::string server_key(const std::string& pool, std::size_t index) {
  return fmt::format("{}.servers[{}]", pool, index);
}

void check_server(const ServerConfig& server, const std::string& key, Places& places) {
  const bool is_unix = std::holds_alternative<base::UnixEndpoint>(server.address);
  if (server.tls && is_unix && server.tls->name.empty()) {
    places.error(key + ".tls", server.tls->pos,
                 "needs \"name\": a Unix socket has no host name to verify");
  }
}

void check_servers(const PoolConfig& pool, const std::string& key, Places& places) {
  std::map<std::string_view, std::size_t> names;
  std::map<std::string, std::size_t> addresses;
  for (std::size_t i = 0; i < pool.servers.size(); ++i) {
    const ServerConfig& server = pool.servers[i];
    const std::string each = server_key(key, i);
    check_server(server, each, places);
    if (server.name.empty()) continue;
    const auto [named, is_new_name] = names.emplace(server.name, i);
    const auto [first, is_new_address] = addresses.emplace(base::to_string(server.address), i);
    if (!is_new_name) {
      places.error(each, server.pos,
                   fmt::format("server \"{}\" is already in this pool at {}", server.name,
                               place_text(pool.servers[named->second].pos)));
    } else if (!is_new_address) {
      places.warn(each, server.pos,
                  fmt::format("has the address of server \"{}\"; its share is counted twice",
                              pool.servers[first->second].name));
    }
  }
}

// Somebody must take the traffic. Who will be found, nobody knows.
void check_roles(const PoolConfig& pool, const std::string& key, Places& places) {
  if (pool.servers.empty() || pool.discover) return;
  const std::string servers = key + ".servers";
  const auto is_backup = [](const ServerConfig& server) { return server.backup; };
  const auto is_idle = [](const ServerConfig& server) {
    return server.backup || server.weight == 0;
  };
  if (std::ranges::all_of(pool.servers, is_backup)) {
    places.error(servers, pool.pos, "are all backups; at least one must not be");
  } else if (std::ranges::all_of(pool.servers, is_idle)) {
    places.warn(servers, pool.pos,
                "have no weight: without a backup in use every request would be 503");
  }
}

void check_agents(const PoolConfig& pool, const std::string& key, Places& places) {
  for (std::size_t i = 0; i < pool.servers.size(); ++i) {
    const ServerConfig& server = pool.servers[i];
    const std::string server_key = fmt::format("{}.servers[{}]", key, i);
    if (!pool.agent) {
      if (server.agent_port != 0)
        places.error(server_key + ".agent_port", server.pos, "the pool has no \"agent\"");
      continue;
    }
    if (std::holds_alternative<base::UnixEndpoint>(server.address)) {
      places.error(server_key + ".address", server.pos,
                   "a server on a Unix socket has no port for an agent beside it");
    } else if (server.agent_port == 0 && pool.agent->port == 0) {
      places.error(server_key, server.pos,
                   "no port for its agent: write \"agent.port\" or the server's \"agent_port\"");
    }
  }
}

void check_discover(const PoolConfig& pool, const std::string& key, Places& places) {
  if (!pool.discover) return;
  const DiscoverConfig& discover = *pool.discover;
  if (!discover.dns) return;
  if (!pool.agent && discover.server.agent_port != 0) {
    places.error(key + ".discover.server.agent_port", discover.server.pos,
                 "the pool has no \"agent\"");
  } else if (pool.agent && discover.server.agent_port == 0 && pool.agent->port == 0) {
    places.error(key + ".discover", discover.pos,
                 "no port for the agents of found servers: write \"agent.port\" or "
                 "\"server.agent_port\"");
  }
  const std::optional<UpstreamTlsConfig>& tls = discover.server.tls;
  if (discover.dns->records == DnsRecords::srv && tls && tls->name.empty()) {
    places.error(key + ".discover.server.tls", tls->pos,
                 "needs \"name\", the one in the servers' certificates: with \"records: srv\" the "
                 "names of servers come from DNS, and who answers for it could name its own");
  }
}

// Zones count only where the gateway has one too.
void check_zones(const Config& config, const PoolConfig& pool, const std::string& key,
                 Places& places) {
  const auto has_zone = [](const ServerConfig& server) { return !server.zone.empty(); };
  const bool any = std::ranges::any_of(pool.servers, has_zone);
  if (any && config.zone.empty()) {
    places.warn(key + ".servers", pool.pos,
                "have zones, but the gateway has none: they do not count (\"zone\" at the top)");
  } else if (any && std::ranges::none_of(pool.servers, [&config](const ServerConfig& server) {
               return server.zone == config.zone;
             })) {
    places.warn(key + ".servers", pool.pos,
                fmt::format("are all outside of this gateway's zone \"{}\"", config.zone));
  }
}

// Servers that are cut off must not be needed meanwhile.
void check_quarantine(const Config& config, const PoolConfig& pool, const std::string& pool_key,
                      Places& places) {
  if (pool.quarantine.empty()) return;
  const std::string key = pool_key + ".quarantine";
  const auto has = [&pool](QuarantineState state) {
    return std::ranges::find(pool.quarantine, state) != pool.quarantine.end();
  };
  if (!config.firewall || !config.firewall->takes_bans)
    places.error(key, pool.pos,
                 "needs \"firewall\" (and its \"bans\"): its agent is who cuts servers off");
  if (pool.panic_percent != 0 && (has(QuarantineState::ejected) || has(QuarantineState::down)))
    places.error(key, pool.pos,
                 "would cut off the servers that \"panic_percent\" falls back on: keep one of the "
                 "two, or only drain and maint here");
  const bool all_but_maint =
      has(QuarantineState::ejected) || has(QuarantineState::down) || has(QuarantineState::drain);
  if (pool.health && pool.health->kind == HealthKind::command && all_but_maint)
    places.error(key, pool.pos,
                 "would cut off what \"health.command\" sends as well, and a server would stay "
                 "down: only maint goes with it");
  if (pool.sticky && has(QuarantineState::drain))
    places.error(key, pool.pos,
                 "would cut off the sessions that \"sticky\" keeps on a server while it drains: "
                 "leave drain out");
}

bool leads_to(const ListenerConfig& listener, std::string_view pool) {
  return std::ranges::any_of(listener.routes, [pool](const RouteConfig& route) {
    return route.pool == pool ||
           std::ranges::find(route.split, pool, &SplitPart::pool) != route.split.end();
  });
}

// Browsers keep a secure cookie to themselves in the clear. Behind a proxy it may be that one that
// speaks TLS with them.
void check_sticky(const Config& config, const PoolConfig& pool, const std::string& key,
                  Places& places) {
  if (!pool.sticky || !pool.sticky->secure) return;
  for (const ListenerConfig& listener : config.listeners) {
    const bool has_proxy = listener.proxy_protocol || !listener.forwarded.trusted.empty();
    if (listener.tls || has_proxy || !leads_to(listener, pool.name)) continue;
    places.warn(key + ".sticky", pool.sticky->pos,
                fmt::format("does not keep sessions of listener \"{}\", which has no \"tls\": "
                            "browsers send a \"secure\" cookie over TLS only (\"secure: false\" "
                            "lets them)",
                            listener.name));
    return;
  }
}

std::set<std::string_view> used_pools(const Config& config) {
  std::set<std::string_view> used;
  for (const ListenerConfig& listener : config.listeners) {
    for (const RouteConfig& route : listener.routes) {
      used.insert(route.pool);
      for (const SplitPart& part : route.split)
        used.insert(part.pool);
      if (route.mirror) used.insert(route.mirror->pool);
    }
  }
  return used;
}

}  // namespace

void validate_pools(const Config& config, Places& places) {
  const std::set<std::string_view> used = used_pools(config);
  std::map<std::string_view, std::size_t> names;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const PoolConfig& pool = config.pools[i];
    const std::string key = pool_key(i);
    check_servers(pool, key, places);
    check_roles(pool, key, places);
    check_agents(pool, key, places);
    check_discover(pool, key, places);
    check_zones(config, pool, key, places);
    check_quarantine(config, pool, key, places);
    check_sticky(config, pool, key, places);
    if (pool.name.empty()) continue;
    const auto [first, is_new] = names.emplace(pool.name, i);
    if (!is_new) {
      places.error(key + ".name", pool.pos,
                   fmt::format("pool \"{}\" is already defined at {}", pool.name,
                               place_text(places.at(pool_key(first->second) + ".name",
                                                    config.pools[first->second].pos))));
    } else if (!used.contains(pool.name) && !places.has_failed("listeners")) {
      places.warn(key, pool.pos, fmt::format("pool \"{}\" is used by no route", pool.name));
    }
  }
}

}  // namespace ravelin::gateway
