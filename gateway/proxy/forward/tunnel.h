// Tunnel: after a 101, bytes both ways until both sides have ended or nothing moves for too long.
// One worker's thread.
#pragma once

#include "gateway/tls/stream.h"

namespace ravelin::gateway {

struct TunnelCount {
  std::uint64_t to_server = 0;
  std::uint64_t to_client = 0;
};

// `client_ahead` and `server_ahead` hold bytes that were read before the switch; they go first. A
// tunnel that waits for more has no block.
base::Task<TunnelCount> run_tunnel(Stream& client, Stream& server, Buffer client_ahead,
                                   Buffer server_ahead, Reactor& reactor, base::Duration idle_max);

}  // namespace ravelin::gateway
