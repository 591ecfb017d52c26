// The parts of outline(), by section of the file; each adds one entry to a list.
#pragma once

#include "gateway/config/outline.h"
#include "gateway/config/places.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// Key paths of limits that are written elsewhere than they hold; empty: not elsewhere.
struct LimitOrigins {
  std::string rate;
  std::string concurrent;
  std::string bandwidth;
};

// Of a route: those it does not write itself are the listener's.
LimitOrigins limit_origins(const std::string& route, const std::string& listener,
                           const Places& places);
// Into the map `limits`.
void add_route_limits(Outline& out, const RouteLimitsConfig& limits, const LimitOrigins& origins);

// `key`: the listener's key path.
void add_listener(Outline& listeners, const ListenerConfig& listener, const std::string& key,
                  const Places& places);
void add_route(Outline& routes, const RouteConfig& route, const LimitOrigins& limits);
void add_split(Outline& out, const RouteConfig& route);  // into a route, as the next
void add_rules(Outline& out, const RouteConfig& route);
void add_further_tries(Outline& out, const RouteConfig& route);  // hedge and mirror, into a route
void add_error_pages(Outline& out, const std::vector<ErrorPageConfig>& pages);
void add_clients(Outline& out, std::string_view key, const std::vector<base::IpPrefix>& clients);
void add_pool(Outline& pools, const PoolConfig& pool);
void add_abuse(Outline& root, const AbuseConfig& abuse);
void add_firewall(Outline& root, const FirewallConfig& firewall);
void add_overload(Outline& root, const OverloadConfig& overload);
void add_dns(Outline& root, const DnsConfig& dns);

}  // namespace ravelin::gateway
