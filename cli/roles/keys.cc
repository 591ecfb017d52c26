// The process of the private keys.
#include "base/io/log.h"
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/confine_role.h"
#include "cli/roles/roles.h"
#include "system/keys/serve_keys.h"
#include "system/supervise/role_link.h"

#include <linux/capability.h>

namespace ravelin::cli {

using system::RoleLink;

ExitCode keys_role() {
  prepare_process();
  auto started = RoleLink::take();
  if (!started) return report(started.error());
  RoleLink& link = *started->link;
  const auto config = config_of(started->config);
  if (!config) return report(config.error());
  system::Confinement confinement = confinement_of(system::ConfinedRole::keys, *started);
  confinement.kept_capabilities = {CAP_DAC_READ_SEARCH};  // keys belong to whoever serves them
  const auto held = confine_role(confinement, started->start.confinement);
  if (!held) return report(held.error());
  if (const auto done = start_configured_log(config->log); !done) return report(done.error());
  link.tell(messages::Role::keys, messages::Condition::ready, *held);
  const auto done = system::run_keys(link.take_socket(), {.gateway = system::list_keys(*config)});
  base::stop_log();
  return done ? ExitCode::done : report(done.error());
}

}  // namespace ravelin::cli
