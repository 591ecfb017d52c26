#include "cli/privileges.h"

#include "system/confine/credentials.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::cli {

using base::Errc;
using base::fail;
using base::fail_errno;
using base::Result;

namespace {

constexpr unsigned kKeptCapability = 1U << CAP_NET_BIND_SERVICE;

int set_capabilities(unsigned kept) {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[2] = {};
  data[0].effective = data[0].permitted = kept;
  return static_cast<int>(::syscall(SYS_capset, &header, data));
}

}  // namespace

Result<void> drop_privileges(const std::string& user) {
  if (::geteuid() != 0 || user.empty()) return {};
  const passwd* account = ::getpwnam(user.c_str());
  if (account == nullptr) {
    return fail(Errc::not_found,
                "user: \"{}\" does not exist (create it: useradd --system {}, or set `user:`)",
                user, user);
  }
  if (account->pw_uid == 0) return {};
  if (::prctl(PR_SET_KEEPCAPS, 1) != 0) return fail_errno(errno, "keeping CAP_NET_BIND_SERVICE");
  if (::initgroups(user.c_str(), account->pw_gid) != 0)
    return fail_errno(errno, "setting groups of " + user);
  if (::setgid(account->pw_gid) != 0) return fail_errno(errno, "changing to the group of " + user);
  if (::setuid(account->pw_uid) != 0) return fail_errno(errno, "changing to user " + user);
  if (set_capabilities(kKeptCapability) != 0)
    return fail_errno(errno, "keeping only CAP_NET_BIND_SERVICE");
  system::forbid_core_dumps();  // a change of user allows them again
  return {};
}

void prepare_process() {
  system::forbid_core_dumps();
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);  // before the first thread: each inherits it
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace ravelin::cli
