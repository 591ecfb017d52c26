// One request to a name server and its answer, over a TCP connection of its own (RFC 7766): each
// with its length before it.
#pragma once

#include "certs/acme/patience.h"
#include "certs/acme/resolver.h"

#include <string>
#include <string_view>

namespace ravelin::certs::dns {

// Errors: no connection, no whole answer in time.
base::Result<std::string> tcp_exchange(const acme::SocketAddress& server, std::string_view request,
                                       const acme::Patience& patience);

}  // namespace ravelin::certs::dns
