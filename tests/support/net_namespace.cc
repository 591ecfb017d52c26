#include "tests/support/net_namespace.h"

#include "base/check.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

namespace ravelin::test {
namespace {

constexpr const char* kOwn = "/proc/thread-self/ns/net";

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;

  friend bool operator==(const Identity&, const Identity&) = default;
};

std::optional<Identity> identity(const char* path) {
  struct stat status {};

  if (::stat(path, &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

Identity identity(int descriptor) {
  struct stat status {};

  CHECK(::fstat(descriptor, &status) == 0);
  return {status.st_dev, status.st_ino};
}

}  // namespace

base::Result<NetNamespace> NetNamespace::enter() {
  const int origin = ::open(kOwn, O_RDONLY | O_CLOEXEC);
  if (origin < 0) return base::fail_errno(errno, "opening the network namespace");
  NetNamespace entered(origin);
  if (::unshare(CLONE_NEWNET) != 0)
    return base::wrap(base::fail_errno(errno, "a network namespace of its own"),
                      "this test needs root: run `sudo ctest -L kernel`");
  CHECK(entered.is_entered());
  return entered;
}

NetNamespace::NetNamespace(NetNamespace&& other) noexcept
    : origin_(std::exchange(other.origin_, -1)) {}

NetNamespace::~NetNamespace() {
  if (origin_ < 0) return;
  CHECK(identity(kOwn) == identity(origin_) || ::setns(origin_, CLONE_NEWNET) == 0);
  ::close(origin_);
}

bool NetNamespace::is_entered() const {
  const auto here = identity(kOwn);
  return here && *here != identity(origin_) && here != identity("/proc/1/ns/net");
}

CommandResult run_command(const std::string& command, std::string_view input) {
  char path[] = "/tmp/ravelin-input-XXXXXX";
  const int file = ::mkstemp(path);
  CHECK(file >= 0);
  CHECK(::write(file, input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  ::close(file);
  std::FILE* pipe = ::popen(("{ " + command + "\n} 2>&1 < " + path).c_str(), "re");
  CHECK(pipe != nullptr);
  CommandResult result;
  std::array<char, 4096> part{};
  while (const std::size_t bytes = std::fread(part.data(), 1, part.size(), pipe))
    result.output.append(part.data(), bytes);
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ::unlink(path);
  return result;
}

}  // namespace ravelin::test
