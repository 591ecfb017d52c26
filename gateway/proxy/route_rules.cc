#include "gateway/proxy/route_rules.h"

#include "gateway/route/conditions.h"

namespace ravelin::gateway {

bool is_ended_by_rules(Exchange& exchange, RequestState& state, const base::IpAddress& client) {
  const RouteConfig& route = *state.route->config;
  if (admits_client(route, client)) return false;
  answer_failure(exchange, state, Reason::client_denied,
                 fmt::format("client {} may not use this route", base::to_string(client)),
                 exchange.request().framing != http1::Framing::none);
  return true;
}

}  // namespace ravelin::gateway
