#include "certs/store/record_lines.h"

#include "base/check.h"
#include "base/io/file.h"
#include "certs/store/durable.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace ravelin::certs {
namespace {

// 0, or the errno value of the call that failed.
int write_rest(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Where the last whole line ends.
off_t whole_size(int fd, off_t size) {
  std::string tail(kRecordBytesMax, '\0');
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(tail.size()));
  const ssize_t got = ::pread(fd, tail.data(), tail.size(), from);
  if (got <= 0) return size;
  const std::size_t end = std::string_view(tail.data(), static_cast<std::size_t>(got)).rfind('\n');
  return end == std::string_view::npos ? from : from + static_cast<off_t>(end) + 1;
}

int append(int fd, std::string_view line) {
  struct stat status {};

  if (::fstat(fd, &status) != 0) return errno;
  const off_t size = whole_size(fd, status.st_size);
  if (size != status.st_size && ::ftruncate(fd, size) != 0) return errno;
  int error = write_rest(fd, std::string(line) + "\n");
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (error != 0 && ::ftruncate(fd, size) != 0) return error;
  return error;
}

int lock_alone(int fd) {
  while (::flock(fd, LOCK_EX) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

// Another file may have been moved over it while its lock was waited for: what is written into the
// one that is gone, nobody reads.
bool is_at(int fd, const std::string& path) {
  struct stat here {};

  struct stat there {};

  return ::fstat(fd, &here) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

}  // namespace

Result<> append_line(const std::string& path, std::string_view line) {
  CHECK(line.size() < kRecordBytesMax && line.find('\n') == std::string_view::npos);
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return base::fail_errno(errno, "opening " + path);
    // Alone: half a line is cut off by one, not by two of which the second cuts off the first's.
    int error = lock_alone(fd);
    const bool is_ours = error != 0 || is_at(fd, path);
    if (error == 0 && is_ours) error = append(fd, line);
    if (::close(fd) != 0 && error == 0) error = errno;
    if (error != 0) return base::fail_errno(error, "writing " + path);
    if (is_ours) return sync_folder(std::filesystem::path(path).parent_path().string());
  }
  return base::fail(base::Errc::conflict, "{} is replaced over and over", path);
}

Result<std::vector<std::string>> read_lines(const std::string& path) {
  std::error_code missing;
  if (!std::filesystem::exists(path, missing) && !missing) return std::vector<std::string>();
  const auto text = base::read_file(path, kRecordFileBytesMax);
  if (!text) return text.error();
  std::vector<std::string> lines;
  for (std::size_t at = 0;;) {
    const std::size_t end = text->find('\n', at);
    if (end == std::string::npos) return lines;
    lines.push_back(text->substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace ravelin::certs
