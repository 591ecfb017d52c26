// What the proxy does about abuse: notes what clients do wrong, and turns the banned away. Does
// nothing where the configuration has no `abuse`. One worker's thread.
#pragma once

#include "gateway/limit/abuse_table.h"
#include "gateway/limit/glitch_points.h"
#include "gateway/proxy/ban_notice.h"
#include "gateway/proxy/proxy.h"

namespace ravelin::gateway {

// What went wrong, and with whom.
struct Glitch {
  base::IpAddress client;
  ClientPath path = ClientPath::direct;
  Reason reason = Reason::none;
  const ListenerRuntime& listener;
  std::string_view request_id;  // "" where there was no request
  Came came = Came::something;  // of the request
};

// Points against the client, and what triggers make of the reason. True when that bans it: then the
// connection is to end.
bool note_glitch(AbuseTable& table, const Glitch& glitch, WorkerContext& worker);

// The same for a handshake that begins, and for a response's status: only where some trigger counts
// such (AbuseTable::counts()). The reason is theirs.
bool note_handshake(AbuseTable& table, Glitch glitch, WorkerContext& worker);
bool note_status(AbuseTable& table, Glitch glitch, int status, WorkerContext& worker);

// Learns who the request is from (state.client_ip), and answers it with 403 if that client is
// banned. True when it has been answered.
bool turn_away_banned(const AbuseTable& table, Exchange& exchange, const ClientInfo& client,
                      RequestState& state, WorkerContext& worker);

// Whether a trigger lists the path (canonical) and its client is banned for it: then the request
// has been answered with 403, and no server sees it.
bool is_trapped(Exchange& exchange, const ClientInfo& client, RequestState& state,
                std::string_view path, WorkerContext& worker);

}  // namespace ravelin::gateway
