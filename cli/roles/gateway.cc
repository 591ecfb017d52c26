// The process of the gateway: sockets, logs and the configuration come from the supervisor, and
// signatures from the key process.
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/confine_role.h"
#include "cli/roles/roles.h"
#include "cli/served_parts.h"
#include "gateway/tls/remote/remote_keys.h"
#include "system/supervise/role_link.h"

#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace ravelin::cli {
namespace {

using base::Result;
using system::RoleLink;

messages::Condition condition_of(base::ServiceState state) {
  switch (state) {
    case base::ServiceState::reloading:
      return messages::Condition::reloading;
    case base::ServiceState::stopping:
      return messages::Condition::draining;
    case base::ServiceState::ready:
    case base::ServiceState::alive:
      break;
  }
  return messages::Condition::ready;
}

gateway::ProcessStatus status_of(const messages::ProcessState& state) {
  std::istringstream account(state.confinement);
  std::string held;
  std::getline(account, held);
  std::vector<std::string> may_do;
  for (std::string line; std::getline(account, line);)
    may_do.push_back(line);
  return {std::string(messages::word_of(state.role)),
          state.pid,
          state.up.count(),
          state.starts,
          std::string(messages::word_of(state.condition)),
          held,
          std::move(may_do),
          state.last_end};
}

class Keeper final : public gateway::ProcessKeeper {
 public:
  explicit Keeper(RoleLink& link) : link_(link) {}

  gateway::ProcessesStatus processes() override {
    gateway::ProcessesStatus status;
    const auto found = link_.processes();
    if (!found) return status;
    for (const messages::ProcessState& state : found->states)
      status.all.push_back(status_of(state));
    if (const auto& upgrade = found->last_upgrade; upgrade)
      status.last_upgrade = {std::string(messages::word_of(upgrade->condition)),
                             upgrade->ago.count(), upgrade->text};
    return status;
  }

  Result<> upgrade() override { return link_.ask_for_upgrade(); }

 private:
  RoleLink& link_;
};

Surroundings surroundings_of(RoleLink& link, Keeper& keeper, std::chrono::milliseconds alive_every,
                             const std::string& held) {
  Surroundings around{
      .sockets = &link,
      .keeper = &keeper,
      .log_opener = [&link](const std::string& path) { return link.open_log(path); },
      .state_changed =
          [&link, held](base::ServiceState state) {
            link.tell(messages::Role::gateway, condition_of(state), held);
          },
      .reload_ended = [&link](bool is_done) { link.tell_reload_ended(is_done); }};
  if (alive_every.count() > 0) around.alive_every = alive_every;
  return around;
}

// Without a supervisor nobody would start it again, or keep its sockets.
void end_gently() {
  ::kill(::getpid(), SIGTERM);
}

}  // namespace

ExitCode gateway_role() {
  prepare_process();
  auto started = RoleLink::take();
  if (!started) return report(started.error());
  const auto held = confine_role(confinement_of(system::ConfinedRole::gateway, *started),
                                 started->start.confinement);
  if (!held) return report(held.error());
  RoleLink& link = *started->link;
  const auto config = config_of(started->config);
  if (!config) return report(config.error());
  const auto keys = std::make_shared<gateway::RemoteKeys>();
  ServedParts parts(*config);
  link.start({.met =
                  [keys, &parts](messages::Role role, std::vector<base::OwnedFd> given) {
                    if (role == messages::Role::keys)
                      keys->attach(std::move(given));
                    else if (role == messages::Role::certs && !given.empty())
                      parts.renewal().attach(messages::SeqSocket(std::move(given.front())));
                  },
              .alone = end_gently});
  Keeper keeper(link);
  Surroundings around = surroundings_of(
      link, keeper, std::chrono::milliseconds(started->start.alive_every_ms), *held);
  around.keys = keys;
  const ExitCode code = run_gateway(
      *config,
      [&link]() -> Result<gateway::Config> {
        const auto next = link.ask_for_reload();
        if (!next) return next.error();
        return config_of(*next);
      },
      around, parts.hooks());
  link.stop();  // nobody is introduced any more
  return code;
}

}  // namespace ravelin::cli
