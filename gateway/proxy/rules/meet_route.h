// From a request's head to the route that takes it. One worker's thread.
#pragma once

#include "gateway/proxy/proxy.h"

namespace ravelin::gateway {

// True when no trigger of `abuse` bans for the path, a route takes the request and its rules let it
// pass; else it has been answered. The canonical path may stand in `path_block`.
bool meet_route(Exchange& exchange, const ClientInfo& client, RequestState& state,
                Buffer& path_block, WorkerContext& worker);

}  // namespace ravelin::gateway
