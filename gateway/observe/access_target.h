// AccessTarget: where access log lines go, as an open descriptor: a file, a FIFO or stdout. Writes
// never wait. Lives on the log's writer thread (opened there, or handed to it). Never raises
// SIGPIPE: that thread has it blocked.
#pragma once

#include "base/io/owned_fd.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace ravelin::gateway {

// Opens the file at a path to append to it, made with mode 0640 if it is not there. Error: it
// cannot be opened. A FIFO nobody reads is no error, but there is no descriptor yet.
base::Result<base::OwnedFd> open_log_file(const std::string& path);

using LogOpener = std::function<base::Result<base::OwnedFd>(const std::string&)>;

class AccessTarget {
 public:
  // Nothing is open: what is written fails with EBADF.
  AccessTarget() = default;
  ~AccessTarget();
  AccessTarget(AccessTarget&& other) noexcept;
  AccessTarget& operator=(AccessTarget&& other) noexcept;

  // "-" = stdout, else a path, which `opener` opens. A FIFO nobody reads is not open yet.
  static base::Result<AccessTarget> open(const std::string& path,
                                         const LogOpener& opener = open_log_file);

  struct Written {
    std::size_t count = 0;
    int error = 0;  // errno; EAGAIN = would have waited
  };

  // As much as goes at once.
  Written write(const std::array<std::span<const char>, 2>& pieces);

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  [[nodiscard]] int fd() const { return fd_; }

 private:
  AccessTarget(int fd, bool is_file) : fd_(fd), is_file_(is_file) {}

  int fd_ = -1;
  bool is_file_ = false;
};

}  // namespace ravelin::gateway
