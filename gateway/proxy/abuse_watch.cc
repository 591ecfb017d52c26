#include "gateway/proxy/abuse_watch.h"

#include "gateway/http1/client_address.h"
#include "gateway/limit/client_prefix.h"
#include "gateway/proxy/own_answers.h"

namespace ravelin::gateway {
namespace {

bool begin_ban(const std::optional<AbuseBan>& ban, const Glitch& glitch, WorkerContext& worker) {
  if (!ban) return false;
  glitch.listener.metrics->banned(worker.cells, glitch.reason);
  worker.bans.banned({.client = client_prefix(glitch.client),
                      .path = glitch.path,
                      .ban = *ban,
                      .reason = glitch.reason,
                      .request_id = glitch.request_id,
                      .listener = glitch.listener.config->name,
                      .generation = worker.current->snapshot->generation});
  return true;
}

// A proxy's connection carries others, too.
bool must_close_for(const ClientInfo& client, const RequestState& state,
                    const http1::RequestHead& request) {
  return state.client_ip == client.ip || request.framing != http1::Framing::none;
}

}  // namespace

bool note_glitch(AbuseTable& table, const Glitch& glitch, WorkerContext& worker) {
  const base::MonoTime now = worker.reactor.now();
  const auto note_event = [&](AbuseEvent event) {
    return table.counts(event) &&
           begin_ban(table.note_event(glitch.client, event, now), glitch, worker);
  };
  const std::uint32_t points = glitch_points(glitch.reason, glitch.came);
  bool is_banned = begin_ban(table.note(glitch.client, points, now), glitch, worker);
  if (const auto event = abuse_event(glitch.reason)) {
    is_banned = note_event(*event) || is_banned;
    if (*event == AbuseEvent::client_certificate)
      is_banned = note_event(AbuseEvent::failed_handshake) || is_banned;
  }
  return is_banned;
}

bool note_handshake(AbuseTable& table, Glitch glitch, WorkerContext& worker) {
  glitch.reason = Reason::too_many_handshakes;
  return begin_ban(table.note_event(glitch.client, AbuseEvent::handshake, worker.reactor.now()),
                   glitch, worker);
}

bool note_status(AbuseTable& table, Glitch glitch, int status, WorkerContext& worker) {
  glitch.reason = Reason::too_many_statuses;
  return begin_ban(table.note_status(glitch.client, status, worker.reactor.now()), glitch, worker);
}

bool turn_away_banned(const AbuseTable& table, Exchange& exchange, const ClientInfo& client,
                      RequestState& state, WorkerContext& worker) {
  const http1::RequestHead& request = exchange.request();
  const std::span<const base::IpPrefix> trusted = client.listener->config->forwarded.trusted;
  state.client_ip = http1::client_of(client.ip, trusted, request.fields);
  if (!table.is_banned(state.client_ip, worker.reactor.now())) return false;
  note_request(request, state);
  answer_failure(exchange, state, Reason::banned, "the client is banned",
                 must_close_for(client, state, request));
  return true;
}

bool is_trapped(Exchange& exchange, const ClientInfo& client, RequestState& state,
                std::string_view path, WorkerContext& worker) {
  AbuseTable* table = state.snapshot->snapshot->abuse.get();
  if (table == nullptr || !table->counts(AbuseEvent::path)) return false;
  const bool is_direct = client.peer.empty() && state.client_ip == client.ip;
  const Glitch glitch{.client = state.client_ip,
                      .path = is_direct ? ClientPath::direct : ClientPath::proxied,
                      .reason = Reason::trapped_path,
                      .listener = *client.listener,
                      .request_id = state.id_text()};
  if (!begin_ban(table->note_path(state.client_ip, path, worker.reactor.now()), glitch, worker))
    return false;
  answer_failure(exchange, state, Reason::trapped_path, "a trigger of abuse lists the path",
                 must_close_for(client, state, exchange.request()));
  return true;
}

}  // namespace ravelin::gateway
