#include "gateway/proxy/rules/route_admission.h"

#include "gateway/http1/client_address.h"

namespace ravelin::gateway {

bool admit_to_route(Exchange& exchange, const ClientInfo& client, RequestState& state,
                    InFlightPlace& place, WorkerContext& worker) {
  const http1::RequestHead& request = exchange.request();
  const std::span<const base::IpPrefix> trusted = client.listener->config->forwarded.trusted;
  const Requester requester{http1::client_of(client.ip, trusted, request.fields), request.fields,
                            client.fingerprint};
  const RouteLimits::Verdict verdict =
      state.route->limits->admit(requester, worker.reactor.now(), place);
  if (verdict.reason == Reason::none) return true;
  state.retry_after_s = verdict.retry_after_s;
  const std::string_view detail = verdict.reason == Reason::rate_limited
                                      ? "limits.rate of the route is used up"
                                      : "limits.concurrent of the route is reached";
  answer_failure(exchange, state, verdict.reason, detail, request.framing != http1::Framing::none);
  return false;
}

}  // namespace ravelin::gateway
