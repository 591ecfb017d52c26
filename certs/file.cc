#include "certs/file.h"

#include "certs/certificate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

base::Result<std::string> read_pem_file(const std::string& path) {
  // O_NONBLOCK: a FIFO put there must not hang us.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return base::fail_errno(errno, path);

  struct stat status {};

  if (::fstat(file.get(), &status) != 0) return base::fail_errno(errno, path);
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, "{}: is not a regular file", path);
  std::string text(kPemBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_errno(errno, path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kPemBytesMax) return fail(Errc::invalid, "{}: is larger than 1 MiB", path);
  text.resize(size);
  return text;
}

}  // namespace ravelin::certs
