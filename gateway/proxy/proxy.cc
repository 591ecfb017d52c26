#include "gateway/proxy/proxy.h"

#include "gateway/http1/host.h"
#include "gateway/proxy/forwarding.h"
#include "gateway/proxy/own_answers.h"
#include "gateway/proxy/route_admission.h"
#include "gateway/proxy/route_rules.h"
#include "gateway/route/path.h"

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;
using http1::Framing;
using http1::RequestHead;

namespace {

// A request in flight, gateway-wide.
class Admission {
 public:
  explicit Admission(GatewayLoad& load, std::uint32_t limit)
      : load_(load),
        admitted_(load_.requests_in_flight.fetch_add(1, std::memory_order_relaxed) < limit) {}

  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  ~Admission() { load_.requests_in_flight.fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] bool is_admitted() const { return admitted_; }

 private:
  GatewayLoad& load_;
  bool admitted_;
};

// Looked for only where a rule may ask.
base::IpAddress client_of(const ClientInfo& client, const RequestHead& request) {
  if (!client.listener->asks_client || !client.is_trusted) return client.ip;
  return deciding_client(client.ip, client.listener->config->forwarded.trusted, request.fields);
}

}  // namespace

MonoTime deadline_of(const RequestState& state) {
  const base::Duration time = state.route->config->request_timeout;
  return time.count() == 0 ? kNever : state.began + time;
}

Task<void> serve_request(Exchange& exchange, const ClientInfo& client, RequestState& state,
                         WorkerContext& worker) {
  const RequestHead& request = exchange.request();
  const ListenerRuntime& listener = *client.listener;
  note_request(request, state);
  const bool has_body = request.framing != Framing::none;
  const Admission admission(worker.load, state.snapshot->snapshot->config.overload.requests_max);
  if (!admission.is_admitted()) {
    answer_failure(exchange, state, Reason::overload,
                   "more requests in flight than overload.requests_max", has_body);
    co_return;
  }
  std::array<char, http1::kHostBytesMax> host_buffer;
  const std::string_view host =
      request.host_has_upper ? http1::lower_host(request.host, host_buffer) : request.host;
  Buffer path_block(worker.buffers);
  CanonicalPath path = canonical_path(request.path, {});
  if (path.fault == PathFault::scratch_too_small) {
    path_block.acquire(BlockSize::bulk);
    path = canonical_path(request.path, path_block.writable());
  }
  if (path.path.empty()) {
    answer_failure(exchange, state, Reason::bad_path, describe(path.fault), has_body);
    co_return;
  }
  const base::IpAddress deciding = client_of(client, request);
  const RoutedRequest asked{
      host, path.path, request.method_text, {&request.fields, request.query, &deciding}};
  if (listener.config->redirect_https) {
    answer_https_redirect(exchange, state, *state.snapshot->snapshot, asked);
    co_return;
  }
  const Match match = asked.meet(listener.router);
  if (match.outcome != Match::Outcome::matched) {
    answer_no_route(exchange, client, state, match, asked);
    co_return;
  }
  state.route = &listener.routes[match.route];
  const RouteConfig& route = *state.route->config;
  if (!path.is_permitted(route.path_policy)) {
    answer_failure(exchange, state, Reason::bad_path, describe(path.fault), has_body);
    co_return;
  }
  if (listener.asks_client && is_ended_by_rules(exchange, state, deciding)) co_return;
  InFlightPlace place;  // held until the request has ended
  const bool is_limited = state.route->limits != nullptr;
  if (is_limited && !admit_to_route(exchange, client, state, place, worker)) co_return;
  const std::uint64_t body_max = listener.config->limits.body_bytes_max;
  if (body_max != 0 && request.framing == Framing::length && request.content_length > body_max) {
    answer_failure(exchange, state, Reason::body_too_large, "Content-Length is above limits.body",
                   true);
    co_return;
  }
  if (route.pool.empty()) {
    answer_from_route(exchange, client, state, path.path);
    co_return;
  }
  co_await forward_request(exchange, client, state, worker, path.path);
}

}  // namespace ravelin::gateway
