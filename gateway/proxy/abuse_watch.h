// What the proxy does about abuse: notes what clients do wrong, and turns the banned away. Does
// nothing where the configuration has no `abuse`. One worker's thread.
#pragma once

#include "gateway/limit/abuse_table.h"
#include "gateway/proxy/proxy.h"

namespace ravelin::gateway {

// What went wrong, and with whom.
struct Glitch {
  base::IpAddress client;
  Reason reason = Reason::none;
  const ListenerRuntime& listener;
  std::string_view request_id;  // "" where there was no request
};

// Points against the client. True when that bans it: then the connection is to end.
bool note_glitch(AbuseTable& table, const Glitch& glitch, WorkerContext& worker);

// Learns who the request is from (state.client_ip), and answers it with 403 if that client is
// banned. True when it has been answered.
bool turn_away_banned(const AbuseTable& table, Exchange& exchange, const ClientInfo& client,
                      RequestState& state, WorkerContext& worker);

}  // namespace ravelin::gateway
