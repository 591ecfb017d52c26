// Outgoing connections: begun without waiting, and awaited. One worker's thread.
#pragma once

#include "base/io/task.h"
#include "gateway/net/listener.h"
#include "gateway/net/socket.h"

namespace ravelin::gateway {

// A check only looks how a server is: the kernel can tell it by base::kCheckPriority.
enum class ConnectFor : std::uint8_t { requests, check };

// Non-blocking connect. The descriptor with EINPROGRESS, or an error at once: unavailable when this
// machine is out of descriptors, ports or memory, which says nothing about the peer; else io.
base::Result<OwnedFd> start_connect(const SocketAddress& to, ConnectFor what);

// Waits for a connect to `to` that start_connect() has begun. 0: connected. ETIMEDOUT also at the
// deadline, and when the wait is given up; else what connect() reports.
base::Task<int> wait_connected(Socket& socket, SocketAddress to, base::MonoTime deadline);

}  // namespace ravelin::gateway
