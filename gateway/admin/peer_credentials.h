// Who is at the other end of a Unix socket, and whether that user may administer the gateway. The
// kernel vouches for the answer (SO_PEERCRED, SO_PEERGROUPS: as of connect()); no name service is
// asked.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <optional>
#include <vector>

namespace ravelin::gateway {

inline constexpr const char* kAdminGroup = "ravelin-admin";

struct PeerCredentials {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  std::vector<gid_t> groups;  // supplementary
};

// Error: not a Unix socket.
base::Result<PeerCredentials> read_peer_credentials(int fd);

// Root, the gateway's own user, and members of the admin group. Pure.
bool may_administer(const PeerCredentials& peer, uid_t own_uid, std::optional<gid_t> admin_group);

// The id of kAdminGroup; nothing when there is no such group. Asks the name service: at start only.
std::optional<gid_t> find_admin_group();

}  // namespace ravelin::gateway
