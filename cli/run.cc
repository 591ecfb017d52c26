// `ravelin run`: serves in the foreground, as processes that each have the least they need. SIGHUP
// reloads, SIGTERM drains and stops, SIGINT the same, SIGUSR1 reopens the access log.
#include "base/io/log.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/confine_role.h"
#include "cli/served_parts.h"
#include "system/confine/defaults.h"
#include "system/supervise/supervisor.h"

#include <CLI/CLI.hpp>
#include <linux/capability.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace ravelin::cli {
namespace {

using messages::Role;

ExitCode run_in_one_process(const std::string& path) {
  auto config = load_for_serving(path);
  if (!config) return ExitCode::refused;
  ServedParts parts(*config);
  if (const auto done = parts.renew_here(path); !done) return report(done.error());
  std::unique_ptr<gateway::OwnSockets> sockets;
  const auto around = own_surroundings(sockets);
  if (!around) return report(around.error());
  return run_gateway(
      *config, [path] { return load_for_serving_quietly(path); }, *around, parts.hooks());
}

// Ours, also when the file has been replaced since.
std::string own_program() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "/proc/self/exe" : path.string();
}

base::Result<system::SupervisorOptions> supervisor_options(const std::string& path,
                                                           const std::string& last_good) {
  const auto look_up = [](const char* name) { return std::getenv(name); };
  auto service = base::parse_service_environment(look_up, ::getpid());
  if (!service) return service.error();
  auto passed = gateway::PassedSockets::take(service->descriptors);
  if (!passed) return passed.error();
  system::SupervisorOptions options;
  options.passed = std::move(*passed);
  options.command_of = [program = own_program(), path](Role role) -> std::vector<std::string> {
    if (role == Role::command) return {program, "role", "read", "-c", path};
    return {program, "role", std::string(messages::word_of(role))};
  };
  options.print = print_error;
  options.last_good = last_good;
  options.read_last_good = {own_program(), "role", "read", "-c", path, "--last-good", last_good};
  if (service->notify_socket.empty()) return options;
  options.state_changed = [notifier = base::ServiceNotifier(service->notify_socket)](
                              base::ServiceState state) { notifier.tell(state); };
  if (service->watchdog) options.alive_every = *service->watchdog / 3;
  return options;
}

// It opens logs and sockets in folders of others, and gives the admin socket to its group; the
// reader it starts reads files of whoever owns them.
system::Confinement supervisor_confinement() {
  system::Confinement confinement =
      system::default_confinement(system::ConfinedRole::supervisor, "");
  for (const unsigned more : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_CHOWN, CAP_FOWNER})
    confinement.kept_capabilities.push_back(more);
  return confinement;
}

ExitCode run_supervised(const std::string& path, const std::string& last_good) {
  prepare_process();
  const auto held = confine_role(supervisor_confinement(), messages::Need::where_possible);
  if (!held) return report(held.error());
  auto options = supervisor_options(path, last_good);
  if (!options) return report(options.error());
  options->confinement = *held;
  if (const auto done = base::start_log({}); !done) return report(done.error());
  base::Result<int> status(0);
  {
    system::Supervisor supervisor(std::move(*options));
    status = supervisor.run();
  }
  base::stop_log();
  if (!status) return report(status.error());
  return static_cast<ExitCode>(*status);
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto path = std::make_shared<std::string>();
  auto in_one = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("run", "serve: the gateway in the foreground");
  add_config_flag(*command, *path);
  command->add_flag("--one-process", *in_one,
                    "everything in one process, which holds what all of them need");
  auto last_good = std::make_shared<std::string>();
  command
      ->add_option(
          "--last-good", *last_good,
          "a file to keep the configuration in that serves; when the files are refused at a "
          "start, it serves what is kept there")
      ->excludes("--one-process");
  command->callback([&chosen, path, in_one, last_good] {
    chosen = [path, in_one, last_good] {
      return *in_one ? run_in_one_process(*path) : run_supervised(*path, *last_good);
    };
  });
}

}  // namespace ravelin::cli
