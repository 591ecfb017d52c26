// The rules of each route by itself: what they say must be possible and not contradict. Pure.
#include "base/io/yaml_text.h"
#include "base/text.h"
#include "gateway/config/route_conditions.h"
#include "gateway/config/validate_parts.h"

#include <algorithm>
#include <numeric>

namespace ravelin::gateway {
namespace {

// Lists of clients that leave a route nobody to serve.
void check_clients(const RouteConfig& route, const std::string& key, Places& places) {
  const auto all_denied = [&route](const std::vector<base::IpPrefix>& clients) {
    return !clients.empty() && std::ranges::all_of(clients, [&route](const base::IpPrefix& prefix) {
      return is_within(prefix, route.deny);
    });
  };
  const auto is_allowed = [&route](const base::IpPrefix& from) {
    return std::ranges::any_of(
        route.allow, [&from](const base::IpPrefix& prefix) { return overlap(from, prefix); });
  };
  const std::vector<base::IpPrefix>& from = route.match.from;
  const std::string deny =
      fmt::format("\"deny\" at {}", place_text(places.at(key + ".deny", route.pos)));
  if (all_denied(route.allow)) {
    places.error(key + ".allow", route.pos, "allows only clients that are denied by " + deny);
  } else if (all_denied(from)) {
    places.error(key + ".match.from", route.pos, "takes only clients that are denied by " + deny);
  } else if (!from.empty() && !route.allow.empty() && std::ranges::none_of(from, is_allowed)) {
    places.error(key + ".match.from", route.pos,
                 fmt::format("takes only clients that are not allowed by \"allow\" at {}",
                             place_text(places.at(key + ".allow", route.pos))));
  }
}

void check_split(const RouteConfig& route, const std::string& key, Places& places) {
  if (route.split.empty()) {
    if (places.is_written(key + ".sticky") && !places.is_written(key + ".split"))
      places.error(key + ".sticky", route.pos, "needs \"split\": there is nothing to stick to");
    return;
  }
  for (std::size_t i = 0; i < route.split.size(); ++i) {
    const SplitPart& part = route.split[i];
    const auto first = std::ranges::find(route.split, part.pool, &SplitPart::pool);
    if (part.pool.empty() || &*first == &part) continue;
    places.error(
        fmt::format("{}.split[{}].pool", key, i), part.pos,
        fmt::format("pool \"{}\" already has a part at {}", part.pool, place_text(first->pos)));
  }
  const auto total =
      std::accumulate(route.split.begin(), route.split.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const SplitPart& part) { return sum + part.weight; });
  if (total == 0)
    places.error(key + ".split", route.pos, "has no weight: no request could be sent");
}

// Rules about what a server gets need a server.
void check_needs_pool(const RouteConfig& route, const std::string& key, Places& places) {
  if (!route.pool.empty() || !route.split.empty()) return;
  if (!route.redirect && !route.respond) return;  // told already
  for (const std::string_view rule : {"rewrite", "request_headers", "hedge", "mirror"}) {
    const std::string at = fmt::format("{}.{}", key, rule);
    if (places.is_written(at))
      places.error(at, route.pos, "has no effect: this route sends nothing to a server");
  }
}

void check_rewrite(const RouteConfig& route, const std::string& key, Places& places) {
  if (!route.rewrite || route.rewrite->kind != RewriteRule::Kind::prefix) return;
  if (route.match.path_is_exact)
    places.error(
        key + ".rewrite.prefix", route.pos,
        "replaces a matched prefix, and this route matches one path exactly; write \"path\"");
}

// A name in two rules that undo each other.
void check_fields(const FieldRules& rules, const std::string& key, const SourcePos& pos,
                  Places& places) {
  const auto is_removed = [&rules](const std::string& name) {
    return std::ranges::any_of(
        rules.remove, [&](const std::string& other) { return base::iequals(other, name); });
  };
  const auto count_set = [&rules](const std::string& name) {
    return std::ranges::count_if(
        rules.set, [&](const FieldRules::Rule& other) { return base::iequals(other.name, name); });
  };
  for (const FieldRules::Rule& rule : rules.set) {
    const std::string at = fmt::format("{}.set.{}", key, base::yaml::key_text(rule.name));
    if (is_removed(rule.name))
      places.error(at, pos, "contradicts \"remove\" of the same name; \"set\" alone replaces it");
    else if (count_set(rule.name) > 1)
      places.error(at, pos, "is set twice, in different letter case");
  }
  for (const FieldRules::Rule& rule : rules.add) {
    if (!is_removed(rule.name) && count_set(rule.name) == 0) continue;
    places.error(fmt::format("{}.add.{}", key, base::yaml::key_text(rule.name)), pos,
                 "contradicts \"set\" or \"remove\" of the same name; keep one");
  }
}

// A hedge that can never be sent.
void check_hedge(const Config& config, const RouteConfig& route, const std::string& key,
                 Places& places) {
  if (!route.hedge) return;
  const HedgeConfig& hedge = *route.hedge;
  const std::string after = key + ".hedge.after";
  const milliseconds per_try = route.retry.per_try_timeout;
  if (hedge.after >= route.first_byte_timeout) {
    places.warn(after, hedge.pos, "has no effect: \"timeouts.first_byte\" is over by then");
  } else if (per_try.count() != 0 && hedge.after >= per_try) {
    places.warn(after, hedge.pos, "has no effect: \"retry.per_try_timeout\" is over by then");
  }
  const auto is_single = [&config](const std::string& name) {
    const auto pool = std::ranges::find(config.pools, name, &PoolConfig::name);
    return pool != config.pools.end() && pool->servers.size() == 1 && !pool->discover;
  };
  if (is_single(route.pool)) {
    places.warn(key + ".hedge", hedge.pos,
                fmt::format("has no effect: pool \"{}\" has one server", route.pool));
  } else if (!route.split.empty() &&
             std::ranges::all_of(route.split, is_single, &SplitPart::pool)) {
    places.warn(key + ".hedge", hedge.pos,
                fmt::format("has no effect: pool \"{}\" has one server, and so have the others",
                            route.split.front().pool));
  }
}

void check_mirror(const RouteConfig& route, const std::string& key, Places& places) {
  if (!route.mirror || route.mirror->pool.empty()) return;
  const std::string& pool = route.mirror->pool;
  if (route.pool != pool &&
      std::ranges::find(route.split, pool, &SplitPart::pool) == route.split.end())
    return;
  places.error(
      key + ".mirror.pool", route.mirror->pos,
      fmt::format("pool \"{}\" serves the requests themselves; copies go to another", pool));
}

// Whoever is on the way reads a password that crosses in the clear.
void check_auth(const ListenerConfig& listener, const RouteConfig& route, const std::string& key,
                Places& places) {
  if (!route.basic_auth || listener.tls) return;
  places.warn(key + ".basic_auth", route.basic_auth->pos,
              "asks for passwords in the clear: this listener has no \"tls\"");
}

}  // namespace

void validate_route_rules(const Config& config, Places& places) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const std::vector<RouteConfig>& routes = config.listeners[i].routes;
    for (std::size_t j = 0; j < routes.size(); ++j) {
      const std::string key = route_key(i, j);
      check_clients(routes[j], key, places);
      check_split(routes[j], key, places);
      check_needs_pool(routes[j], key, places);
      check_rewrite(routes[j], key, places);
      check_hedge(config, routes[j], key, places);
      check_mirror(routes[j], key, places);
      check_auth(config.listeners[i], routes[j], key, places);
      check_fields(routes[j].request_headers, key + ".request_headers", routes[j].pos, places);
      check_fields(routes[j].response_headers, key + ".response_headers", routes[j].pos, places);
    }
  }
}

}  // namespace ravelin::gateway
