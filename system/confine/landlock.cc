#include "system/confine/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ravelin::system {
namespace {

using base::Errc;
using base::Result;

// include/uapi/linux/landlock.h. A kernel that knows fewer fields takes the rest if it is zero.
struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t ports;
  std::uint64_t scopes;
};

struct [[gnu::packed]] PathAttributes {
  std::uint64_t rights;
  std::int32_t directory;
};

struct PortAttributes {
  std::uint64_t right;
  std::uint64_t port;
};

constexpr unsigned kAskVersion = 1U << 0;
constexpr int kPathBeneath = 1;
constexpr int kTcpPort = 2;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

base::Error fail_kernel(std::string_view doing) {
  base::Error error = base::fail_errno(errno, doing);
  error.code = Errc::kernel;
  return error;
}

bool is_of_proc(const std::string& path) {
  return path.starts_with("/proc/");
}

Result<> allow_path(int ruleset, const PathRule& rule) {
  Descriptor file(::open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  if (file.get() < 0) {
    if (rule.presence == PathAccess::Presence::if_there) return {};
    return base::fail_errno(errno, "confinement: " + rule.path);
  }

  struct stat status {};

  if (::fstat(file.get(), &status) != 0) return base::fail_errno(errno, rule.path);
  PathAttributes attributes{rule.rights, file.get()};
  if (!S_ISDIR(status.st_mode)) attributes.rights &= kRightsOfFiles;
  if (::syscall(SYS_landlock_add_rule, ruleset, kPathBeneath, &attributes, 0) != 0)
    return fail_kernel("landlock: allowing " + rule.path);
  // The kernel forgets a directory of /proc nobody holds, and then the rule is about none.
  if (is_of_proc(rule.path)) file.release();
  return {};
}

Result<> allow_port(int ruleset, const PortRule& rule) {
  const PortAttributes attributes{rule.right, rule.port};
  if (::syscall(SYS_landlock_add_rule, ruleset, kTcpPort, &attributes, 0) == 0) return {};
  return fail_kernel("landlock: allowing a port");
}

}  // namespace

int read_landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Result<> install_landlock(const LandlockPlan& plan) {
  if (plan.files == 0 && plan.ports == 0 && plan.scopes == 0) return {};
  const RulesetAttributes attributes{plan.files, plan.ports, plan.scopes};
  const Descriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (ruleset.get() < 0) return fail_kernel("landlock: making a ruleset");
  for (const PathRule& rule : plan.paths) {
    if (auto done = allow_path(ruleset.get(), rule); !done) return done;
  }
  for (const PortRule& rule : plan.ports_allowed) {
    if (auto done = allow_port(ruleset.get(), rule); !done) return done;
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return fail_kernel("landlock: taking a ruleset on");
  return {};
}

}  // namespace ravelin::system
