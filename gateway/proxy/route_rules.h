// The rules of a route that may end a request before its action: who may ask. One worker's thread.
#pragma once

#include "gateway/proxy/proxy.h"

namespace ravelin::gateway {

// True when a rule of state.route has answered the request. `client`: the one that decides
// (client_address.h).
bool is_ended_by_rules(Exchange& exchange, RequestState& state, const base::IpAddress& client);

}  // namespace ravelin::gateway
