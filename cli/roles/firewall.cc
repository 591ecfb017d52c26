// The process of the firewall's agent, where `ravelin run` has one.
#include "base/io/log.h"
#include "cli/firewall/watch.h"
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/confine_role.h"
#include "cli/roles/roles.h"
#include "system/confine/defaults.h"
#include "system/supervise/role_link.h"

#include <sys/prctl.h>

#include <csignal>
#include <filesystem>

namespace ravelin::cli {
namespace {

using system::RoleLink;

// A policy includes files and feeds from anywhere; it writes in two folders.
system::Confinement firewall_confinement(const gateway::FirewallConfig& firewall) {
  using system::PathAccess;
  system::Confinement confinement = system::default_confinement(system::ConfinedRole::firewall, "");
  system::allow_names(confinement);
  const auto add = [&confinement](std::string path, PathAccess::Access access) {
    confinement.paths->push_back({std::move(path), access, PathAccess::Presence::if_there});
  };
  add("/", PathAccess::Access::read);
  add(firewall.state, PathAccess::Access::read_write);
  add(std::filesystem::path(firewall.socket).parent_path(), PathAccess::Access::read_write);
  return confinement;
}

}  // namespace

ExitCode firewall_role() {
  prepare_process();
  auto started = RoleLink::take();
  if (!started) return report(started.error());
  RoleLink& link = *started->link;
  const auto config = config_of(started->config);
  if (!config) return report(config.error());
  if (!config->firewall) return ExitCode::refused;
  const auto held =
      confine_role(firewall_confinement(*config->firewall), started->start.confinement);
  if (!held) return report(held.error());
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // ends with the supervisor; the table stays
  if (link.is_alone()) return ExitCode::could_not;
  if (const auto done = start_configured_log(config->log); !done) return report(done.error());
  const gateway::FirewallConfig& firewall = *config->firewall;
  WatchFlags flags;
  flags.policy = firewall.policy;
  flags.common.state = firewall.state;
  flags.common.socket = firewall.socket;
  if (!config->user.empty()) flags.gateway_user = config->user;
  const ExitCode code = watch_firewall(flags, [&link, &held] {
    link.tell(messages::Role::firewall, messages::Condition::ready, *held);
  });
  base::stop_log();
  return code;
}

}  // namespace ravelin::cli
