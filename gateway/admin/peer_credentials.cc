#include "gateway/admin/peer_credentials.h"

#include <grp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ravelin::gateway {

base::Result<PeerCredentials> read_peer_credentials(int fd) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return base::fail_errno(errno, "reading peer credentials");
  PeerCredentials peer{credentials.uid, credentials.gid, credentials.pid, {}};
  constexpr std::size_t kGroupsMax = 65'536;  // NGROUPS_MAX of Linux
  peer.groups.resize(32);
  for (;;) {
    length = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
    const int done = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &length);
    const std::size_t count = length / sizeof(gid_t);
    if (done == 0) {
      peer.groups.resize(count);
      return peer;
    }
    // Too small: the kernel says how many there are.
    if (errno != ERANGE || count <= peer.groups.size() || count > kGroupsMax) {
      peer.groups.clear();
      return peer;
    }
    peer.groups.resize(count);
  }
}

bool may_administer(const PeerCredentials& peer, uid_t own_uid, std::optional<gid_t> admin_group) {
  if (peer.uid == 0 || peer.uid == own_uid) return true;
  if (!admin_group) return false;
  return peer.gid == *admin_group ||
         std::ranges::find(peer.groups, *admin_group) != peer.groups.end();
}

std::optional<gid_t> find_admin_group() {
  const group* found = ::getgrnam(kAdminGroup);
  if (found == nullptr) return std::nullopt;
  return found->gr_gid;
}

}  // namespace ravelin::gateway
