// `ravelin reload`: the running gateway reads its configuration again; what was wrong with it is
// told here too.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/report.h"

#include <memory>

namespace ravelin::cli {
namespace {

ExitCode reload(const AdminFlags& flags) {
  const auto answer = ask_gateway(flags, "POST", "/v1/reload");
  if (!answer) return report_failure(answer.error());
  const bool is_json = flags.form == OutputForm::json;
  print(is_json ? answer->text
                : fmt::format("reloaded: generation {}\n", number_at(answer->json, "generation")));
  return ExitCode::done;
}

}  // namespace

void add_reload(CLI::App& app, Action& chosen) {
  auto flags = std::make_shared<AdminFlags>();
  CLI::App* command =
      app.add_subcommand("reload", "have the running gateway read its configuration again");
  add_admin_flags(*command, *flags);
  command->callback([&chosen, flags] { chosen = [flags] { return reload(*flags); }; });
}

}  // namespace ravelin::cli
