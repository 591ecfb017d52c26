#include "certs/store/durable.h"

#include "base/io/owned_fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace ravelin::certs {
namespace {

using base::Errc;

base::Error fail_at(std::string_view doing, const std::string& path) {
  const int error_number = errno;
  base::Error error = base::fail_errno(error_number, fmt::format("{} {}", doing, path));
  if (error_number == ENOENT) error.code = Errc::not_found;
  if (error_number == EACCES || error_number == EPERM) error.code = Errc::denied;
  if (error_number == EEXIST) error.code = Errc::conflict;
  return error;
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string parent_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

Result<> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_at("making", path);
  return {};
}

Result<> write_new_file(const std::string& path, std::string_view content, mode_t mode) {
  const base::OwnedFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return fail_at("making", path);
  if (!write_all(fd.get(), content) || ::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) {
    const base::Error error = fail_at("writing", path);
    ::unlink(path.c_str());
    return error;
  }
  return {};
}

Result<> sync_folder(const std::string& path) {
  const base::OwnedFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return fail_at("syncing", path);
  return {};
}

Result<> move_to(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return fail_at("moving to", to);
  return sync_folder(parent_of(to));
}

Result<> point_link(const std::string& link, const std::string& target) {
  const std::string staged = link + ".new";
  if (::unlink(staged.c_str()) != 0 && errno != ENOENT) return fail_at("removing", staged);
  if (::symlink(target.c_str(), staged.c_str()) != 0) return fail_at("making", staged);
  return move_to(staged, link);
}

Result<> remove_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return base::fail(Errc::io, "removing {}: {}", path, error.message());
  return {};
}

}  // namespace ravelin::certs
