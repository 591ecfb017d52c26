// What the rules of a route do to a request before it is forwarded: who may ask, how large it may
// be, which pool serves it, under which path. One worker's thread.
#pragma once

#include "gateway/proxy/proxy.h"

#include <optional>

namespace ravelin::gateway {

// The request has met this route; `path` is the canonical one.
void enter_route(const RouteRuntime& route, std::string_view path, RequestState& state);

// True when a rule of state.route has answered the request. `client`: the one that decides
// (client_address.h).
bool is_ended_by_rules(Exchange& exchange, RequestState& state, const base::IpAddress& client);

inline bool has_pool(const RouteConfig& route) {
  return !route.pool.empty() || !route.split.empty();
}

// Of a route with a pool: the one that serves this request.
void choose_pool(const FieldList& fields, RequestState& state);

// What the server is asked for; views `path`, the route, or `block`. Nothing when it is too long.
std::optional<std::string_view> path_for_server(const RouteConfig& route, std::string_view path,
                                                Buffer& block);

}  // namespace ravelin::gateway
