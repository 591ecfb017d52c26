// A request's head as a server will get it, in one pooled block. One worker's thread.
#pragma once

#include "gateway/proxy/proxy.h"

#include <string_view>

namespace ravelin::gateway {

// Who the client is, for the head. `sticky`: of the pool that serves; null = it binds no sessions.
ForwardedBy forwarded_by(const ClientInfo& client, const RequestState& state,
                         const StickyCookies* sticky);

// Into `block`, which holds nothing else. False when it is too large for any.
bool write_upstream_head(Buffer& block, const http1::RequestHead& request, std::string_view path,
                         const ForwardedBy& by, const FieldEdit* edit);

}  // namespace ravelin::gateway
