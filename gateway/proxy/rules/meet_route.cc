#include "gateway/proxy/rules/meet_route.h"

#include "gateway/http1/client_address.h"
#include "gateway/http1/host.h"
#include "gateway/http1/target.h"
#include "gateway/proxy/abuse_watch.h"
#include "gateway/proxy/own_answers.h"
#include "gateway/proxy/rules/route_rules.h"
#include "gateway/route/path.h"

namespace ravelin::gateway {

using http1::Framing;
using http1::RequestHead;

namespace {

// Looked for only where a rule may ask.
base::IpAddress client_of(const ClientInfo& client, const RequestHead& request) {
  if (!client.listener->asks_client || !client.is_trusted) return client.ip;
  return http1::client_of(client.ip, client.listener->config->forwarded.trusted, request.fields);
}

}  // namespace

bool meet_route(Exchange& exchange, const ClientInfo& client, RequestState& state,
                Buffer& path_block, WorkerContext& worker) {
  const RequestHead& request = exchange.request();
  const ListenerRuntime& listener = *client.listener;
  const bool has_body = request.framing != Framing::none;
  if (request.path == http1::kAsterisk) {
    answer_asterisk(exchange, state, has_body);
    return false;
  }
  std::array<char, http1::kHostBytesMax> host_buffer;
  const std::string_view host =
      request.host_has_upper ? http1::lower_host(request.host, host_buffer) : request.host;
  CanonicalPath path = canonical_path(request.path, {});
  if (path.fault == PathFault::scratch_too_small) {
    path_block.acquire(BlockSize::bulk);
    path = canonical_path(request.path, path_block.writable());
  }
  if (path.path.empty()) {
    answer_failure(exchange, state, Reason::bad_path, describe(path.fault), has_body);
    return false;
  }
  if (is_trapped(exchange, client, state, path.path, worker)) return false;
  const base::IpAddress deciding = client_of(client, request);
  const RoutedRequest asked{
      host, path.path, request.method_text, {&request.fields, request.query, &deciding}};
  if (listener.config->redirect_https) {
    answer_https_redirect(exchange, state, *state.snapshot->snapshot, asked);
    return false;
  }
  const Match match = asked.meet(listener.router);
  if (match.outcome != Match::Outcome::matched) {
    answer_no_route(exchange, client, state, match, asked);
    return false;
  }
  enter_route(listener.routes[match.route], path.path, state);
  if (!path.is_permitted(state.route->config->path_policy)) {
    answer_failure(exchange, state, Reason::bad_path, describe(path.fault), has_body);
    return false;
  }
  return !is_ended_by_rules(exchange, state, deciding);
}

}  // namespace ravelin::gateway
