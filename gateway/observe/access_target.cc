#include "gateway/observe/access_target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace ravelin::gateway {
namespace {

bool is_kind(int fd, mode_t kind) {
  struct stat status {};

  return ::fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

bool is_fifo(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

AccessTarget::~AccessTarget() {
  if (fd_ >= 0) ::close(fd_);
}

AccessTarget::AccessTarget(AccessTarget&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), is_file_(other.is_file_) {}

AccessTarget& AccessTarget::operator=(AccessTarget&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(is_file_, other.is_file_);
  return *this;
}

base::Result<base::OwnedFd> open_log_file(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  base::OwnedFd fd(::open(path.c_str(), kFlags, 0640));
  const int error = errno;
  if (fd.is_open() || (error == ENXIO && is_fifo(path))) return fd;
  return base::fail_errno(error, "opening the access log " + path);
}

base::Result<AccessTarget> AccessTarget::open(const std::string& path, const LogOpener& opener) {
  auto fd =
      path == "-"
          ? base::Result<base::OwnedFd>(base::OwnedFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)))
          : opener(path);
  if (!fd) return fd.error();
  if (path == "-" && !fd->is_open()) return base::fail_errno(errno, "opening the access log -");
  if (!fd->is_open()) return AccessTarget();
  const bool is_file = is_kind(fd->get(), S_IFREG);
  return AccessTarget(fd->release(), is_file);
}

// stdout may be shared, so it stays a blocking descriptor: what is not a file is asked first, and
// given no more than a ready pipe always takes.
AccessTarget::Written AccessTarget::write(const std::array<std::span<const char>, 2>& pieces) {
  if (fd_ < 0) return {0, EBADF};
  std::size_t most = SSIZE_MAX;
  if (!is_file_) {
    pollfd wanted{fd_, POLLOUT, 0};
    const int ready = ::poll(&wanted, 1, 0);
    if (ready == 0) return {0, EAGAIN};
    most = PIPE_BUF;
  }
  std::array<iovec, 2> parts{};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    parts[i].iov_base = const_cast<char*>(pieces[i].data());
    parts[i].iov_len = std::min(pieces[i].size(), most);
    most -= parts[i].iov_len;
  }
  const ssize_t count = ::writev(fd_, parts.data(), parts.size());
  if (count < 0) return {0, errno == EINTR ? EAGAIN : errno};
  return {static_cast<std::size_t>(count), 0};
}

}  // namespace ravelin::gateway
