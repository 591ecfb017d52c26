#include "cli/roles/confine_role.h"

#include "system/confine/confine.h"
#include "system/confine/defaults.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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

// They are the user's alone.
Result<> make_granted_folders(const Confinement& confinement) {
  if (!confinement.paths) return {};
  const passwd* user = confinement.user.empty() ? nullptr : ::getpwnam(confinement.user.c_str());
  for (const PathAccess& path : *confinement.paths) {
    if (path.access != PathAccess::Access::read_write) continue;
    constexpr mode_t kOwnersAlone = 0700;
    if (::mkdir(path.path.c_str(), kOwnersAlone) != 0) continue;  // it is there, or cannot be
    if (user != nullptr && ::geteuid() == 0 &&
        ::chown(path.path.c_str(), user->pw_uid, user->pw_gid) != 0)
      return base::fail_errno(errno, "giving " + path.path + " to " + confinement.user);
  }
  return {};
}

}  // namespace

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
  // Where a module keeps its tokens only the module knows.
  if (has_modules) confinement.paths.reset();
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
  return summary_of(*report);
}

}  // namespace ravelin::cli
