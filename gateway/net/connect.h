// Outgoing connections: begun without waiting, and awaited. One worker's thread.
#pragma once

#include "base/io/task.h"
#include "gateway/net/listener.h"
#include "gateway/net/socket.h"

namespace ravelin::gateway {

// let_through: the firewall lets it through to a server that is cut off
// (base::kLetThroughPriority), as it only looks how the server is, or knows that it is not to be
// cut off any more.
enum class ConnectAs : std::uint8_t { usual, let_through };

// Non-blocking connect. The descriptor with EINPROGRESS, or an error at once: unavailable when this
// machine is out of descriptors, ports or memory, which says nothing about the peer; else io.
base::Result<OwnedFd> start_connect(const SocketAddress& to, ConnectAs as);

// Waits for a connect to `to` that start_connect() has begun. 0: connected. ETIMEDOUT also at the
// deadline, and when the wait is given up; else what connect() reports.
base::Task<int> wait_connected(Socket& socket, SocketAddress to, base::MonoTime deadline);

}  // namespace ravelin::gateway
