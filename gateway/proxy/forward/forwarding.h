// A routed request on its way to a server of its pool, over as many tries as it takes: choose,
// connect, send, relay, and what a try's end means. One worker's thread.
#pragma once

#include "gateway/proxy/proxy.h"
#include "gateway/proxy/rules/route_auth.h"

#include <string_view>

namespace ravelin::gateway {

// `path` is what the server is asked for; nothing is sent before `question`, where it is asked, is
// answered. Returns when the response is complete or has failed, as
// serve_request() does.
base::Task<void> forward_request(Exchange& exchange, const ClientInfo& client, RequestState& state,
                                 WorkerContext& worker, std::string_view path,
                                 const PasswordQuestion& question);

}  // namespace ravelin::gateway
