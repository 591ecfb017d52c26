#include "cli/roles/confine_role.h"

#include "messages/fitted_text.h"
#include "system/confine/confine.h"
#include "system/confine/defaults.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

namespace ravelin::cli {

using base::Result;
using messages::PathUse;
using system::Confinement;
using system::Hold;
using system::Mechanism;
using system::PathAccess;

namespace {

// Without the other mechanisms a process is held less well; without these it is not held.
bool is_essential(Mechanism mechanism) {
  return mechanism == Mechanism::system_calls || mechanism == Mechanism::files;
}

PathAccess access_of(const messages::PathGranted& granted) {
  const auto access =
      granted.use == PathUse::write ? PathAccess::Access::read_write : PathAccess::Access::read;
  return {granted.path, access, PathAccess::Presence::if_there};
}

Result<> make_granted_folders(const Confinement& confinement) {
  if (!confinement.paths) return {};
  for (const PathAccess& path : *confinement.paths) {
    if (path.access != PathAccess::Access::read_write) continue;
    if (auto made = make_folder_for(path.path, confinement.user); !made) return made;
  }
  return {};
}

// For as long as it lives, files are made and looked for as that user: root without
// CAP_DAC_OVERRIDE does not get into a folder that is another user's alone.
class AsUser {
 public:
  explicit AsUser(const passwd& user)
      : group_(::setfsgid(user.pw_gid)), user_(::setfsuid(user.pw_uid)) {}

  ~AsUser() {
    ::setfsuid(static_cast<uid_t>(user_));
    ::setfsgid(static_cast<gid_t>(group_));
  }

  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;

 private:
  int group_, user_;  // of before
};

Result<> make_folder(const std::string& path, const std::string& user, const passwd* owner) {
  if (::access(path.c_str(), F_OK) == 0) return {};
  const std::string made = fmt::format("{}.{}", path, ::getpid());
  constexpr mode_t kOwnersAlone = 0700;
  if (::mkdir(made.c_str(), kOwnersAlone) != 0) {
    if (errno != EACCES || owner == nullptr)
      return {};  // whoever needs it says why it is not there
    const AsUser as_user(*owner);
    return make_folder(path, user, nullptr);
  }
  const bool is_given =
      owner == nullptr || ::chown(made.c_str(), owner->pw_uid, owner->pw_gid) == 0;
  const int error = errno;
  const bool is_there = is_given && ::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, path.c_str(),
                                                RENAME_NOREPLACE) == 0;
  if (!is_there) ::rmdir(made.c_str());
  if (!is_given) return base::fail_errno(error, "giving " + path + " to " + user);
  return {};
}

// What may be written is told where it is there: nothing gets to what comes later.
Confinement without_missing(Confinement confinement) {
  if (confinement.paths)
    std::erase_if(*confinement.paths, [](const PathAccess& path) {
      struct stat status {};

      return path.access == PathAccess::Access::read_write &&
             path.presence == PathAccess::Presence::if_there &&
             ::stat(path.path.c_str(), &status) != 0;
    });
  return confinement;
}

}  // namespace

// Whole, under its name: another process may want it at the same moment.
Result<> make_folder_for(const std::string& path, const std::string& user) {
  const passwd* owner = user.empty() || ::geteuid() != 0 ? nullptr : ::getpwnam(user.c_str());
  return make_folder(path, user, owner);
}

Confinement confinement_of(system::ConfinedRole role, const system::RoleLink::Started& started) {
  Confinement confinement = system::default_confinement(role, started.start.user);
  std::vector<std::string> programs;
  bool has_modules = false;
  for (const messages::PathGranted& granted : started.config.grants) {
    if (granted.role != started.start.role) continue;
    if (granted.use == PathUse::execute)
      programs.push_back(granted.path);
    else if (granted.use == PathUse::load)
      has_modules = true;
    else
      confinement.paths->push_back(access_of(granted));
  }
  if (has_modules) system::allow_modules(confinement);
  if (!programs.empty()) system::allow_programs(confinement, programs);
  // Where a module keeps its tokens, and what a program reads, only they know.
  if (has_modules || !programs.empty()) confinement.paths.reset();
  return confinement;
}

Result<std::string> confine_role(const Confinement& confinement, messages::Need need) {
  if (const auto made = make_granted_folders(confinement); !made) return made.error();
  const auto report = system::confine(confinement, system::probe_confinement_kernel());
  if (!report) return report.error();
  for (const system::MechanismReport& mechanism : report->mechanisms) {
    if (need == messages::Need::required && mechanism.hold == Hold::missing &&
        is_essential(mechanism.mechanism))
      return base::fail(base::Errc::denied,
                        "this kernel cannot hold {} to its {}: {} (confinement: where_possible "
                        "starts it nevertheless)",
                        to_string(confinement.role), to_string(mechanism.mechanism),
                        mechanism.text);
  }
  // Many folders are told in part.
  return messages::fitted(account_of(*report, without_missing(confinement)), messages::kTextBytes);
}

}  // namespace ravelin::cli
