// `ravelin check`: everything that can be known to be wrong without changing anything: the text,
// what it refers to, and the files and names it uses.
#include "certs/config/parse_certs.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/report.h"
#include "gateway/config/check_files.h"
#include "gateway/config/check_names.h"
#include "gateway/config/parse.h"
#include "gateway/dns/resolve_once.h"

#include <memory>

namespace ravelin::cli {
namespace {

struct CheckOptions {
  std::string config;
  OutputForm form = OutputForm::text;
};

std::string summary(const CheckOptions& options, const base::Diagnostics& diagnostics) {
  const std::string counts = count_text(diagnostics);
  if (diagnostics.has_errors()) return counts + "; the running configuration is unchanged\n";
  return fmt::format("{}: valid{}\n", options.config, counts.empty() ? "" : " (" + counts + ")");
}

ExitCode check(const CheckOptions& options) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  const gateway::ParsedConfig parsed = gateway::load_config(options.config, loader, diagnostics);
  certs::check_certs(options.config, loader, diagnostics);
  gateway::check_files(parsed, diagnostics);
  gateway::check_server_files(parsed, diagnostics);
  gateway::check_names(parsed, diagnostics, [&](const std::string& name) {
    return gateway::resolve_once(parsed.config.dns, name);
  });
  const bool is_valid = !diagnostics.has_errors();
  if (options.form == OutputForm::json) {
    print(findings_json(diagnostics));
  } else {
    print_error(findings_text(diagnostics));
    is_valid ? print(summary(options, diagnostics)) : print_error(summary(options, diagnostics));
  }
  return is_valid ? ExitCode::done : ExitCode::refused;
}

}  // namespace

void add_check(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("check", "validate a configuration; changes nothing");
  add_config_flag(*command, options->config);
  add_json_flag(*command, options->form);
  command->callback([&chosen, options] { chosen = [options] { return check(*options); }; });
}

}  // namespace ravelin::cli
