#include "gateway/proxy/rules/route_rules.h"

#include "gateway/route/conditions.h"
#include "gateway/route/rewrite.h"
#include "gateway/route/sticky.h"

namespace ravelin::gateway {

using http1::Framing;

void enter_route(const RouteRuntime& route, std::string_view path, RequestState& state) {
  state.route = &route;
  state.metrics = route.metrics;
  state.pool_name = route.config->pool;
  state.path = path;
}

bool is_ended_by_rules(Exchange& exchange, RequestState& state, const base::IpAddress& client) {
  const RouteRuntime& route = *state.route;
  const http1::RequestHead& request = exchange.request();
  const bool has_body = request.framing != Framing::none;
  if (!admits_client(*route.config, client)) {
    answer_failure(exchange, state, Reason::client_denied,
                   fmt::format("client {} may not use this route", base::to_string(client)),
                   has_body);
    return true;
  }
  const auto& maintenance = route.config->maintenance;
  if (maintenance && !contains(maintenance->except, client)) {
    answer_failure(exchange, state, Reason::maintenance, {}, has_body);
    return true;
  }
  const std::uint64_t body_max = route.body_bytes_max;
  if (body_max != 0 && request.framing == Framing::length && request.content_length > body_max) {
    answer_failure(exchange, state, Reason::body_too_large,
                   "Content-Length is above limits.body_max", true);
    return true;
  }
  if (has_body) exchange.limit_body(body_max);
  return false;
}

void choose_pool(const FieldList& fields, RequestState& state) {
  const RouteRuntime& route = *state.route;
  state.pool = route.pool;
  if (route.split.empty()) return;
  const auto value = sticky_value(route.config->sticky, fields);
  const std::size_t part =
      value ? sticky_part(*value, route.config->split) : state.snapshot->turns[route.turn]->next();
  state.pool = route.split[part].pool;
  state.metrics = route.split[part].metrics;
  state.pool_name = route.config->split[part].pool;
}

std::optional<std::string_view> path_for_server(const RouteConfig& route, std::string_view path,
                                                Buffer& block) {
  if (!route.rewrite) return path;
  const std::size_t bytes = path.size() + route.rewrite->path.size() + 1;
  block.acquire(bytes <= BufferPool::bytes_of(BlockSize::small) ? BlockSize::small
                                                                : BlockSize::bulk);
  return rewrite_path(*route.rewrite, route.match, path, block.writable());
}

}  // namespace ravelin::gateway
