#include "cli/firewall/firewall.h"

#include "cli/firewall/desk.h"
#include "cli/report.h"
#include "firewall/control/prepare.h"
#include "firewall/control/system_facts.h"

namespace ravelin::cli {

void add_policy_argument(CLI::App& command, FirewallFlags& flags) {
  command.add_option("policy", flags.policy, "the policy file")
      ->type_name("POLICY")
      ->capture_default_str();
  add_json_flag(command, flags.form);
}

void add_state_flags(CLI::App& command, FirewallFlags& flags) {
  command.add_option("--state", flags.state, "where revisions and bans are kept")
      ->type_name("DIR")
      ->capture_default_str();
  command.add_option("--socket", flags.socket, "where the agent listens")
      ->type_name("PATH")
      ->capture_default_str();
}

ExitCode print_answer(const firewall::Answer& answer, OutputForm form) {
  const bool is_answer = answer.went == firewall::Went::done || answer.went == firewall::Went::no;
  if (form == OutputForm::json)
    print(answer.json + "\n");
  else if (is_answer)
    print(answer.text);
  if (!is_answer) print_error("ravelin: " + answer.text + "\n");
  return static_cast<ExitCode>(static_cast<int>(answer.went));
}

ExitCode ask(const FirewallFlags& flags, const boost::json::object& question) {
  const auto answer = answer_question(flags, question);
  return answer ? print_answer(*answer, flags.form) : report(answer.error());
}

std::optional<firewall::PolicyBundle> read_bundle(const FirewallFlags& flags,
                                                  base::Diagnostics& diagnostics) {
  base::yaml::DiskLoader loader;
  firewall::SystemFacts facts;
  firewall::PolicyBundle bundle = firewall::collect(
      flags.policy, loader, facts,
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()), diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  return bundle;
}

void add_firewall(CLI::App& app, Action& chosen) {
  CLI::App* group = app.add_subcommand("firewall", "the host's firewall, from policy files");
  group->require_subcommand(1);
  add_firewall_check(*group, chosen);
  add_firewall_change(*group, chosen);
  add_firewall_look(*group, chosen);
  add_firewall_explain(*group, chosen);
  add_firewall_bans(*group, chosen);
  add_firewall_watch(*group, chosen);
  add_firewall_derive(*group, chosen);
}

}  // namespace ravelin::cli
