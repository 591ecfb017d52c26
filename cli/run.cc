// `ravelin run`: the gateway in the foreground. SIGHUP reloads, SIGTERM drains and stops, SIGINT
// the same, SIGUSR1 reopens the access log.
#include "cli/certs/renewal.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/gateway_process.h"
#include "cli/report.h"
#include "gateway/runtime/restart_only.h"
#include "system/bans/agent_bans.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>

namespace ravelin::cli {

void add_run(CLI::App& app, Action& chosen) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("run", "serve: the gateway in the foreground");
  add_config_flag(*command, *path);
  command->callback([&chosen, path] {
    chosen = [path] {
      auto config = load_for_serving(*path);
      if (!config) return ExitCode::refused;
      auto renewal = CertsRenewal::open(*path);
      if (!renewal) return report(renewal.error());
      std::optional<system::AgentBans> bans;
      if (const std::string socket = gateway::ban_socket_of(*config); !socket.empty())
        bans.emplace(system::AgentBans::Options{.socket = socket});
      const ServeHooks hooks{.started =
                                 [&](gateway::Gateway& gateway) {
                                   if (bans) bans->start();
                                   if (*renewal != nullptr) (*renewal)->start(gateway);
                                 },
                             .stopped =
                                 [&] {
                                   if (*renewal != nullptr) (*renewal)->stop();
                                   if (bans) bans->stop();
                                 },
                             .bans = bans ? &*bans : nullptr};
      return run_gateway(
          *config, [path] { return load_for_serving_quietly(*path); }, hooks);
    };
  });
}

}  // namespace ravelin::cli
