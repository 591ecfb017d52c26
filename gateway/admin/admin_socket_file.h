// The file of the admin socket: who may connect, and that it goes when its owner does.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <optional>
#include <string>

namespace ravelin::gateway {

// What the addresses of the admin server are asked by (SocketSource).
inline constexpr const char* kAdminSocketKey = "admin.socket";
inline constexpr const char* kAdminListenKey = "admin.listen";

// The file, known by what it is, so that another process's is not removed.
struct SocketFile {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
};

// Mode 0660, and `group` where there is one: who may administer is decided by credentials; this
// keeps everybody else from trying.
base::Result<SocketFile> secure_socket_file(const std::string& path, std::optional<gid_t> group);

void remove_socket_file(const SocketFile& file);

}  // namespace ravelin::gateway
