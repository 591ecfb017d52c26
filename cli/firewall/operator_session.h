// Who sits at the other end when a command is given over SSH. Reads the environment and /proc.
#pragma once

#include "base/address.h"

#include <chrono>
#include <optional>

namespace ravelin::cli {

struct SessionPeer {
  base::IpAddress address;
  std::uint16_t port = 22;  // of this host, that the session came to
};

// From SSH_CONNECTION, else from the socket of the sshd this process stems from, as under sudo (as
// root, and in this network namespace). None: not over SSH.
std::optional<SessionPeer> ssh_peer();

// How long the session has lasted: since its sshd was started. None: not over SSH, or not to be
// found, as inside a terminal that outlives sessions.
std::optional<std::chrono::seconds> session_age();

}  // namespace ravelin::cli
