// Tunnel: after a 101, bytes both ways until both sides have ended, one is gone, or nothing moves
// for too long.
// One worker's thread.
#pragma once

#include "gateway/tls/stream.h"

namespace ravelin::gateway {

enum class TunnelEnd : unsigned char {
  finished,     // both sides have said their piece
  idle,         // no byte either way for `idle_max`, or all waits are over
  client_gone,  // reset, or its connection broke
  server_gone,
};

struct TunnelResult {
  TunnelEnd end = TunnelEnd::finished;
  std::uint64_t to_server = 0;  // bytes
  std::uint64_t to_client = 0;
};

// `client_ahead` and `server_ahead` hold bytes that were read before the switch; they go first. A
// tunnel that waits for more has no block.
base::Task<TunnelResult> run_tunnel(Stream& client, Stream& server, Buffer client_ahead,
                                    Buffer server_ahead, Reactor& reactor, base::Duration idle_max);

}  // namespace ravelin::gateway
