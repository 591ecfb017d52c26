// ravelin: reads the command line, runs what it names. The parts are wired in the files of the
// subcommands.
#include "cli/commands.h"
#include "cli/usage_error.h"
#include "gateway/tls/crypto_memory.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace {

using ravelin::cli::Action;
using ravelin::cli::ExitCode;

void add_commands(CLI::App& app, Action& chosen) {
  ravelin::cli::add_certs(app, chosen);
  ravelin::cli::add_check(app, chosen);
  ravelin::cli::add_config(app, chosen);
  ravelin::cli::add_demo(app, chosen);
  ravelin::cli::add_firewall(app, chosen);
  ravelin::cli::add_reload(app, chosen);
  ravelin::cli::add_route(app, chosen);
  ravelin::cli::add_role(app, chosen);
  ravelin::cli::add_run(app, chosen);
  ravelin::cli::add_server(app, chosen);
  ravelin::cli::add_abuse(app, chosen);
  ravelin::cli::add_why(app, chosen);
  ravelin::cli::add_status(app, chosen);
  ravelin::cli::add_upgrade(app, chosen);
}

}  // namespace

int main(int argc, char** argv) {
  ravelin::gateway::install_crypto_memory();  // before anything touches OpenSSL
  CLI::App app("A TLS gateway, a host firewall and a certificate keeper in one program.",
               "ravelin");
  app.set_version_flag("--version", "ravelin " RAVELIN_VERSION);
  app.require_subcommand(1);
  Action chosen;
  add_commands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // --help and --version come this way too
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fputs(ravelin::cli::usage_error_text(app, error).c_str(), stderr);
    return static_cast<int>(ExitCode::usage);
  }
  return static_cast<int>(chosen());
}
