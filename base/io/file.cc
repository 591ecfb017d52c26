#include "base/io/file.h"

#include "base/io/owned_fd.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace ravelin::base {
namespace {

constexpr std::size_t kReadStep = 64 * 1024;

Error fail_path(int error_number, std::string_view doing, const std::string& path) {
  Error error = fail_errno(error_number, fmt::format("{} {}", doing, path));
  if (error_number == ENOENT || error_number == ENOTDIR) error.code = Errc::not_found;
  if (error_number == EACCES || error_number == EPERM) error.code = Errc::denied;
  return error;
}

// 0, or the errno value of the write that failed.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<> sync_directory(const std::string& directory) {
  const OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return fail_path(errno, "syncing", directory);
  return {};
}

// Writes the temporary file completely; 0 or the errno value of the step that failed.
int fill(OwnedFd& fd, std::string_view content, mode_t mode) {
  if (::fchmod(fd.get(), mode) != 0) return errno;
  if (const int error = write_all(fd.get(), content); error != 0) return error;
  if (::fsync(fd.get()) != 0) return errno;
  // close() can report a write that failed late (network file systems).
  return ::close(fd.release()) == 0 ? 0 : errno;
}

// A pipe that was handed on (/dev/stdin, a shell's <(…)): whoever writes to it is there. Opening a
// FIFO on the disk waits for somebody who may never come.
bool is_handed_on(const OwnedFd& fd) {
  struct statfs system {};

  return ::fstatfs(fd.get(), &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

Result<OwnedFd> open_to_read(const std::string& path) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd.get() < 0) return fail_path(errno, "opening", path);

  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) return fail_path(errno, "reading", path);
  if (S_ISDIR(status.st_mode)) return fail(Errc::invalid, "{} is a directory, not a file", path);
  if (S_ISREG(status.st_mode)) return fd;
  if (S_ISFIFO(status.st_mode) && !is_handed_on(fd))
    return fail(Errc::invalid, "{} is a FIFO, not a file", path);
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) != 0)
    return fail_path(errno, "reading", path);
  return fd;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const Result<OwnedFd> fd = open_to_read(path);
  if (!fd) return fd.error();
  std::string content;
  for (;;) {
    const std::size_t have = content.size();
    const std::size_t step = std::min(kReadStep - 1, bytes_max - have) + 1;
    content.resize(have + step);
    const ssize_t got = ::read(fd->get(), content.data() + have, step);
    const int error = errno;
    content.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error == EINTR) continue;
    if (got < 0) return fail_path(error, "reading", path);
    if (content.size() > bytes_max) {
      return fail(Errc::invalid, "{} is larger than {} bytes", path, bytes_max);
    }
    if (got == 0) return content;
  }
}

Result<> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  OwnedFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (fd.get() < 0) return fail_path(errno, "creating a file beside", path);
  if (const int error = fill(fd, content, mode); error != 0) {
    ::unlink(temporary.c_str());
    return fail_path(error, "writing", path);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return fail_path(error, "replacing", path);
  }
  return sync_directory(directory_of(path));
}

bool is_glob(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

Result<std::vector<std::string>> glob_files(const std::string& pattern) {
  glob_t found{};
  const int outcome = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> files;
  for (std::size_t i = 0; outcome == 0 && i < found.gl_pathc; ++i) {
    struct stat status {};

    const bool is_directory = ::stat(found.gl_pathv[i], &status) == 0 && S_ISDIR(status.st_mode);
    if (!is_directory) files.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  if (outcome != 0 && outcome != GLOB_NOMATCH) {
    return fail(Errc::io, "listing {} failed", pattern);
  }
  std::ranges::sort(files);
  return files;
}

std::string beside(std::string_view file, std::string_view path) {
  const std::filesystem::path base = std::filesystem::path(file).parent_path();
  return (base / std::filesystem::path(path)).lexically_normal().string();
}

}  // namespace ravelin::base
