#include "cli/certs/as_owner.h"

#include "base/check.h"
#include "system/confine/credentials.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace ravelin::cli {
namespace {

bool read_status(std::filesystem::path path, struct stat& status) {
  path = std::filesystem::absolute(path).lexically_normal();
  while (::stat(path.c_str(), &status) != 0) {
    if (path == path.parent_path()) return false;
    path = path.parent_path();
  }
  return true;
}

}  // namespace

base::Result<AsOwner> AsOwner::of(const std::string& path) {
  const gid_t group = ::getegid();

  struct stat status {};

  if (::geteuid() != 0 || !read_status(path, status) || status.st_uid == 0)
    return AsOwner(false, group);
  if (::setegid(status.st_gid) != 0 || ::seteuid(status.st_uid) != 0) {
    const int error = errno;
    CHECK(::setegid(group) == 0);
    return base::fail_errno(error, "becoming the owner of " + path);
  }
  system::forbid_core_dumps();  // a change of user allows them again
  return AsOwner(true, group);
}

AsOwner::AsOwner(AsOwner&& other) noexcept
    : is_changed_(std::exchange(other.is_changed_, false)), group_(other.group_) {}

AsOwner::~AsOwner() {
  if (!is_changed_) return;
  CHECK(::seteuid(0) == 0 && ::setegid(group_) == 0);
  system::forbid_core_dumps();
}

}  // namespace ravelin::cli
