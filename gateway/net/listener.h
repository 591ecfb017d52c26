// Listening sockets: opening them (once, before privileges are dropped) and accepting from them.
#pragma once

#include "base/address.h"
#include "base/io/owned_fd.h"
#include "base/result.h"
#include "gateway/net/address.h"

#include <optional>

namespace ravelin::gateway {

using base::OwnedFd;

enum class ReusePort {
  no,
  yes,
  once_alone,  // who listens there already is an error; once it listens, others may join it
};

// Bound and listening, non-blocking, close-on-exec; what it accepts inherits the stream options.
// IPv6 sockets are V6ONLY. A stale Unix socket file (nobody answers) is replaced. Error: address in
// use, permission, …
base::Result<OwnedFd> open_listener(const base::Endpoint& endpoint, ReusePort reuse_port);

// The address a descriptor is bound to ("127.0.0.1:8443", also when it was opened with port 0).
base::Result<base::Endpoint> local_endpoint(int fd);

// From now on no new TCP handshake with this listening socket is answered, whoever else has a
// descriptor of it: its SYNs are dropped, so that they come again or are refused later. False: this
// process may not; some kernels let only privileged ones hang a filter on a socket.
bool drop_new_handshakes(int listener_fd);

// Whether somebody has seen to it that nobody new comes to this listening socket: as above, or by
// removing the file of a Unix socket.
bool is_given_up(int listener_fd);

struct Accepted {
  OwnedFd fd;
  base::IpEndpoint peer;
  int error = 0;  // errno when fd is not open: EAGAIN, EMFILE, ECONNABORTED, …
};

Accepted accept_one(int listener_fd);

}  // namespace ravelin::gateway
