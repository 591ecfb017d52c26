// The process that renews certificates: it speaks to CAs and name servers, writes the store, and
// knows the gateway by a connection alone.
#include "base/io/log.h"
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/confine_role.h"
#include "cli/roles/roles.h"
#include "gateway/runtime/store_tickets.h"
#include "system/renewal/unattended.h"
#include "system/supervise/role_link.h"

#include <unistd.h>

#include <csignal>
#include <memory>

namespace ravelin::cli {
namespace {

using system::RoleLink;
using system::UnattendedRenewal;

// Those that end it, for whoever waits for them; before the first thread.
sigset_t block_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

ExitCode renew(RoleLink& link, const system::ConfigSnapshot& snapshot,
               const gateway::Config& config, const std::string& held) {
  const sigset_t ending = block_signals();
  if (const auto done = start_configured_log(config.log); !done) return report(done.error());
  ExitCode code = ExitCode::done;
  auto renewing = UnattendedRenewal::open(certs_of(snapshot), gateway::ticket_rules_of(config));
  if (renewing) {
    UnattendedRenewal* const here = renewing->get();
    if (here != nullptr) here->start();
    link.start({.met =
                    [here](messages::Role role, std::vector<base::OwnedFd> given) {
                      if (here == nullptr || role != messages::Role::gateway || given.empty())
                        return;
                      here->gateway().attach(messages::SeqSocket(std::move(given.front())));
                    },
                .alone = [] { ::kill(::getpid(), SIGTERM); }});
    link.tell(messages::Role::certs, messages::Condition::ready, held);
    int number = 0;
    ::sigwait(&ending, &number);
    link.stop();  // nobody is introduced any more
    renewing->reset();
  } else {
    code = report(renewing.error());
  }
  base::stop_log();
  return code;
}

}  // namespace

ExitCode certs_role() {
  prepare_process();
  auto started = RoleLink::take();
  if (!started) return report(started.error());
  const auto config = config_of(started->config);
  if (!config) return report(config.error());
  const auto held = confine_role(confinement_of(system::ConfinedRole::certs, *started),
                                 started->start.confinement);
  if (!held) return report(held.error());
  return renew(*started->link, started->config, *config, *held);
}

}  // namespace ravelin::cli
