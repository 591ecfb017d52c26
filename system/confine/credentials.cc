#include "system/confine/credentials.h"

#include "system/confine/capabilities.h"
#include "system/confine/confine.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ravelin::system {
namespace {

using base::Errc;
using base::fail;
using base::fail_errno;
using base::Result;

struct Sets {
  std::uint64_t effective = 0, permitted = 0, inheritable = 0;
};

using Halves = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

__user_cap_header_struct header() {
  return {_LINUX_CAPABILITY_VERSION_3, 0};
}

constexpr unsigned kHalf = 32;

Result<Sets> read_sets() {
  __user_cap_header_struct of = header();
  Halves halves{};
  if (::syscall(SYS_capget, &of, halves.data()) != 0)
    return fail_errno(errno, "reading capabilities");
  const auto whole = [&](auto member) {
    return std::uint64_t{halves[0].*member} | std::uint64_t{halves[1].*member} << kHalf;
  };
  return Sets{whole(&__user_cap_data_struct::effective), whole(&__user_cap_data_struct::permitted),
              whole(&__user_cap_data_struct::inheritable)};
}

Result<> write_sets(const Sets& sets) {
  __user_cap_header_struct of = header();
  const auto low = [](std::uint64_t set) { return static_cast<std::uint32_t>(set); };
  const auto high = [](std::uint64_t set) { return static_cast<std::uint32_t>(set >> kHalf); };
  Halves halves{{{low(sets.effective), low(sets.permitted), low(sets.inheritable)},
                 {high(sets.effective), high(sets.permitted), high(sets.inheritable)}}};
  if (::syscall(SYS_capset, &of, halves.data()) == 0) return {};
  return fail_errno(errno, "giving up capabilities");
}

bool is_in_bounding_set(unsigned capability) {
  return ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1;
}

// False: one stays. Without CAP_SETPCAP that is so, and harmless under no_new_privs.
bool drop_bounding_set(std::uint64_t kept) {
  bool is_dropped = true;
  for (unsigned capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((kept >> capability & 1U) != 0 || !is_in_bounding_set(capability)) continue;
    is_dropped &= ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;
  }
  return is_dropped;
}

bool raise_ambient(std::uint64_t set) {
  for (unsigned capability = 0; set >> capability != 0; ++capability) {
    if ((set >> capability & 1U) == 0) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) return false;
  }
  return true;
}

Result<> become(const passwd& account) {
  // Else the kernel takes them all away with the user.
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno(errno, "keeping capabilities");
  const std::string name = account.pw_name;
  if (::initgroups(account.pw_name, account.pw_gid) != 0)
    return fail_errno(errno, "setting the groups of user " + name);
  if (::setresgid(account.pw_gid, account.pw_gid, account.pw_gid) != 0)
    return fail_errno(errno, "changing to the group of user " + name);
  if (::setresuid(account.pw_uid, account.pw_uid, account.pw_uid) != 0)
    return fail_errno(errno, "changing to user " + name);
  return {};
}

std::string own_name() {
  const passwd* account = ::getpwuid(::geteuid());
  return account == nullptr ? std::to_string(::geteuid()) : account->pw_name;
}

}  // namespace

MechanismReport forbid_core_dumps() {
  const rlimit none{};
  // A leak check looks into its own process.
  const bool is_closed = is_sanitized_build() || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  const bool is_done = ::setrlimit(RLIMIT_CORE, &none) == 0 && is_closed;
  if (is_done) return {Mechanism::core_dumps, Hold::held, "no core dump"};
  return {Mechanism::core_dumps, Hold::missing, std::strerror(errno)};
}

void load_name_services() {
  // Nobody has this name, so all services are asked.
  static_cast<void>(::getpwnam("ravelin-nobody-of-this-name"));
  static_cast<void>(::getgrnam("ravelin-nobody-of-this-name"));
}

Result<MechanismReport> change_user(const std::string& user) {
  if (::geteuid() == 0 && !user.empty()) {
    const passwd* account = ::getpwnam(user.c_str());
    if (account == nullptr)
      return fail(Errc::not_found,
                  "user: \"{}\" does not exist (create it: useradd --system {}, or set `user:`)",
                  user, user);
    if (const auto done = become(*account); !done) return done.error();
  }
  if (::geteuid() != 0) return MechanismReport{Mechanism::user, Hold::held, "user " + own_name()};
  if (user == "root") return MechanismReport{Mechanism::user, Hold::unwanted, "user root"};
  return MechanismReport{Mechanism::user, Hold::unwanted, "user root: no other was asked for"};
}

Result<MechanismReport> keep_capabilities(const std::vector<unsigned>& kept, bool hands_on) {
  const auto before = read_sets();
  if (!before) return before.error();
  const std::uint64_t wanted = capability_set(kept);
  const std::uint64_t held = wanted & before->permitted;
  // A change of user took the effective ones away, of which CAP_SETPCAP is needed once more.
  const Sets all{before->permitted, before->permitted, before->inheritable};
  if (const auto done = write_sets(all); !done) return done.error();
  const bool is_bounded = drop_bounding_set(wanted);
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return fail_errno(errno, "giving up ambient capabilities");
  const std::uint64_t handed_on = hands_on ? held : 0;
  if (const auto done = write_sets({held, held, handed_on}); !done) return done.error();
  if (!raise_ambient(handed_on)) return fail_errno(errno, "handing on capabilities");
  std::string text = "capabilities " + capability_words(held);
  if (!is_bounded) text += " (bounding set as it was, which no_new_privs makes moot)";
  if (held == wanted) return MechanismReport{Mechanism::capabilities, Hold::held, std::move(text)};
  text += fmt::format(", without {} it was to have", capability_words(wanted & ~held));
  return MechanismReport{Mechanism::capabilities, Hold::held, std::move(text)};
}

MechanismReport forbid_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    return {Mechanism::no_new_privs, Hold::held, "no new privileges"};
  return {Mechanism::no_new_privs, Hold::missing, std::strerror(errno)};
}

}  // namespace ravelin::system
