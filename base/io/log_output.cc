#include "base/io/log_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace ravelin::base {
namespace {

constexpr int kWriteWaitMs = 100;

// Writes whole lines to a descriptor; waits for a reader that does not read once, then not at all
// until it reads again. One thread at a time.
class LineWriter {
 public:
  explicit LineWriter(int fd) : fd_(fd) {
    struct stat status {};

    is_file_ = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  }

  // False: the line is lost, wholly or in part.
  bool write_line(std::string_view line) {
    while (!line.empty()) {
      if (!is_file_ && !wait_writable()) return false;
      const ssize_t written = ::write(fd_, line.data(), line.size());
      if (written >= 0) {
        line.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR && errno != EAGAIN) {
        return false;
      }
    }
    return true;
  }

 private:
  bool wait_writable() {
    pollfd wanted{fd_, POLLOUT, 0};
    const int ready = ::poll(&wanted, 1, is_stuck_ ? 0 : kWriteWaitMs);
    is_stuck_ = ready == 0;
    return ready > 0 && (wanted.revents & POLLOUT) != 0;
  }

  int fd_;
  bool is_file_ = false;
  bool is_stuck_ = false;
};

enum class Ownership : unsigned char { borrowed, owned };

class LineOutput final : public LogWriter {
 public:
  LineOutput(int fd, Ownership ownership) : fd_(fd), ownership_(ownership), writer_(fd) {}

  ~LineOutput() override {
    if (ownership_ == Ownership::owned) ::close(fd_);
  }

  bool write(std::string_view message) override {
    buffer_.assign(message);
    buffer_ += '\n';
    return writer_.write_line(buffer_);
  }

 private:
  int fd_;
  Ownership ownership_;
  LineWriter writer_;
  std::string buffer_;
};

// A datagram each to a socket that may go and come back. Never waits.
class DatagramOutput final : public LogWriter {
 public:
  explicit DatagramOutput(std::string path) : path_(std::move(path)) {}

  ~DatagramOutput() override {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<void> connect() {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (path_.size() >= sizeof to.sun_path)
      return fail(Errc::invalid, "the log socket {}: a path of at most {} bytes", path_,
                  sizeof to.sun_path - 1);
    std::memcpy(to.sun_path, path_.data(), path_.size());
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      return fail_errno(errno, "opening the log socket " + path_);
    return {};
  }

  bool write(std::string_view message) override {
    if (send(message)) return true;
    if (errno == EAGAIN || errno == EMSGSIZE) return false;
    return connect() && send(message);  // it was started again
  }

 private:
  [[nodiscard]] bool send(std::string_view message) const {
    return ::send(fd_, message.data(), message.size(), MSG_NOSIGNAL) >= 0;
  }

  std::string path_;
  int fd_ = -1;
};

}  // namespace

Result<std::unique_ptr<LogWriter>> open_log_output(const LogOptions& options) {
  if (options.output != LogOutput::text) {
    const std::string_view usual =
        options.output == LogOutput::journald ? "/run/systemd/journal/socket" : "/dev/log";
    auto output = std::make_unique<DatagramOutput>(options.socket.empty() ? std::string(usual)
                                                                          : options.socket);
    if (auto done = output->connect(); !done) return done.error();
    return std::unique_ptr<LogWriter>(std::move(output));
  }
  if (options.path.empty())
    return std::unique_ptr<LogWriter>(
        std::make_unique<LineOutput>(STDERR_FILENO, Ownership::borrowed));
  const int fd =
      ::open(options.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
  if (fd < 0) return fail_errno(errno, "opening the log " + options.path);
  return std::unique_ptr<LogWriter>(std::make_unique<LineOutput>(fd, Ownership::owned));
}

bool write_to_stderr(std::string_view message) {
  return LineOutput(STDERR_FILENO, Ownership::borrowed).write(message);
}

}  // namespace ravelin::base
