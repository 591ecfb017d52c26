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

#include <algorithm>
#include <iterator>

namespace ravelin::cli {

using system::RoleLink;

namespace {

// Those of a configuration that may follow soon are used as well, and its paths.
base::Result<system::KeyList> keys_of(system::RoleLink::Started& started,
                                      const gateway::Config& config) {
  system::KeyList list = system::list_keys(config);
  if (!started.next) return list;
  const auto next = config_of(*started.next);
  if (!next) return next.error();
  system::add_keys(list, system::list_keys(*next));
  std::ranges::copy(started.next->grants, std::back_inserter(started.config.grants));
  return list;
}

}  // namespace

ExitCode keys_role() {
  prepare_process();
  auto started = RoleLink::take();
  if (!started) return report(started.error());
  RoleLink& link = *started->link;
  const auto config = config_of(started->config);
  if (!config) return report(config.error());
  auto list = keys_of(*started, *config);
  if (!list) return report(list.error());
  // What is granted has to be there: the gateway, which fills it, is starting as well.
  if (!list->store.empty()) {
    if (const auto made = make_folder_for(list->store, config->user); !made)
      return report(made.error());
  }
  system::Confinement confinement = confinement_of(system::ConfinedRole::keys, *started);
  confinement.kept_capabilities = {CAP_DAC_READ_SEARCH};  // keys belong to whoever serves them
  if (config->log.sink != gateway::LogSink::standard_error) confinement.network.unix_sockets = true;
  const auto held = confine_role(confinement, started->start.confinement);
  if (!held) return report(held.error());
  if (const auto done = start_configured_log(config->log); !done) return report(done.error());
  link.tell(messages::Role::keys, messages::Condition::ready, *held);
  const auto done = system::run_keys(link.take_socket(), {.gateway = std::move(*list)});
  base::stop_log();
  return done ? ExitCode::done : report(done.error());
}

}  // namespace ravelin::cli
