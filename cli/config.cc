// `ravelin config`: what the configuration says once defaults and includes are in.
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/report.h"
#include "gateway/config/parse.h"
#include "gateway/config/show.h"

#include <memory>

namespace ravelin::cli {
namespace {

struct ShowOptions {
  std::string config;
  OutputForm form = OutputForm::text;
};

ExitCode show(const ShowOptions& options) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  const gateway::ParsedConfig parsed = gateway::load_config(options.config, loader, diagnostics);
  print_error(findings_text(diagnostics));
  if (diagnostics.has_errors()) {
    print_error(count_text(diagnostics) + "; nothing to show\n");
    return ExitCode::refused;
  }
  const bool is_json = options.form == OutputForm::json;
  print(is_json ? gateway::show_config_json(parsed) + "\n" : gateway::show_config(parsed));
  return ExitCode::done;
}

}  // namespace

void add_config(CLI::App& app, Action& chosen) {
  CLI::App* config = app.add_subcommand("config", "look at the configuration");
  config->require_subcommand(1);
  auto options = std::make_shared<ShowOptions>();
  CLI::App* command =
      config->add_subcommand("show", "every value in force, and where it comes from");
  add_config_flag(*command, options->config);
  add_json_flag(*command, options->form);
  command->callback([&chosen, options] { chosen = [options] { return show(*options); }; });
}

}  // namespace ravelin::cli
