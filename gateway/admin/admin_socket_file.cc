#include "gateway/admin/admin_socket_file.h"

#include "base/io/log.h"
#include "gateway/admin/peer_credentials.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::gateway {

using base::Result;

namespace {

constexpr mode_t kSocketMode = 0660;

}  // namespace

Result<SocketFile> secure_socket_file(const std::string& path, std::optional<gid_t> group) {
  // Who may connect is decided by credentials; the mode keeps everybody else from trying.
  if (group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
    base::log_warn("admin", "the socket keeps its group",
                   {{"path", path}, {"wanted", kAdminGroup}, {"errno", errno}});
  }
  if (::chmod(path.c_str(), kSocketMode) != 0)
    return base::fail_errno(errno, "changing the mode of " + path);

  struct stat info {};

  if (::lstat(path.c_str(), &info) != 0) return base::fail_errno(errno, "looking at " + path);
  return SocketFile{path, info.st_dev, info.st_ino};
}

void remove_socket_file(const SocketFile& file) {
  struct stat info {};

  if (::lstat(file.path.c_str(), &info) != 0) return;
  if (info.st_dev != file.device || info.st_ino != file.inode) return;
  if (::unlink(file.path.c_str()) != 0) {
    base::log_debug("admin", "the socket file stays", {{"path", file.path}, {"errno", errno}});
  }
}

}  // namespace ravelin::gateway
