// Whether a routed request is within the limits of its route. One worker's thread.
#pragma once

#include "gateway/limit/in_flight.h"
#include "gateway/proxy/proxy.h"

namespace ravelin::gateway {

// True when it is: `place` then holds its place until the request ends. Else the request has been
// answered (429).
bool admit_to_route(Exchange& exchange, const ClientInfo& client, RequestState& state,
                    InFlightPlace& place, WorkerContext& worker);

}  // namespace ravelin::gateway
