#include "gateway/proxy/abuse_watch.h"

#include "gateway/http1/client_address.h"
#include "gateway/limit/client_prefix.h"
#include "gateway/limit/glitch_points.h"
#include "gateway/proxy/own_answers.h"

namespace ravelin::gateway {

bool note_glitch(AbuseTable& table, const Glitch& glitch, WorkerContext& worker) {
  const std::uint32_t points = glitch_points(glitch.reason);
  if (points == 0 || !table.note(glitch.client, points, worker.reactor.now())) return false;
  glitch.listener.metrics->banned(worker.cells, glitch.reason);
  worker.bans.ban({.target = client_prefix(glitch.client),
                   .duration = table.ban_time(),
                   .reason = std::string(describe(glitch.reason).token),
                   .request_id = std::string(glitch.request_id),
                   .where = glitch.listener.config->name});
  return true;
}

bool turn_away_banned(const AbuseTable& table, Exchange& exchange, const ClientInfo& client,
                      RequestState& state, WorkerContext& worker) {
  const http1::RequestHead& request = exchange.request();
  const std::span<const base::IpPrefix> trusted = client.listener->config->forwarded.trusted;
  state.client_ip = http1::client_of(client.ip, trusted, request.fields);
  if (!table.is_banned(state.client_ip, worker.reactor.now())) return false;
  note_request(request, state);
  // A proxy's connection carries others, too.
  const bool must_close = state.client_ip == client.ip || request.framing != http1::Framing::none;
  answer_failure(exchange, state, Reason::banned, "the client is banned", must_close);
  return true;
}

}  // namespace ravelin::gateway
