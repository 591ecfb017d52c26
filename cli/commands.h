// The subcommands of `ravelin`, each in the file of its name. Each adds its flags to the
// application and, when it is the one given, leaves in `chosen` what to run; main runs it once the
// whole command line has been read. To add one: a file, a line here, a line in main.cc.
#pragma once

#include "cli/exit_code.h"

#include <functional>

namespace CLI {
class App;
}

namespace ravelin::cli {

using Action = std::function<ExitCode()>;

void add_abuse(CLI::App& app, Action& chosen);
void add_why(CLI::App& app, Action& chosen);
void add_certs(CLI::App& app, Action& chosen);
void add_check(CLI::App& app, Action& chosen);
void add_config(CLI::App& app, Action& chosen);
void add_demo(CLI::App& app, Action& chosen);
void add_firewall(CLI::App& app, Action& chosen);
void add_reload(CLI::App& app, Action& chosen);
void add_route(CLI::App& app, Action& chosen);
void add_role(CLI::App& app, Action& chosen);
void add_run(CLI::App& app, Action& chosen);
void add_server(CLI::App& app, Action& chosen);
void add_status(CLI::App& app, Action& chosen);
void add_upgrade(CLI::App& app, Action& chosen);

}  // namespace ravelin::cli
