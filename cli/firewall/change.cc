// `ravelin firewall plan`, `apply`, `confirm`, `rollback`, `off` and `history`.
#include "base/io/file.h"
#include "base/text.h"
#include "base/utc.h"
#include "cli/firewall/desk.h"
#include "cli/firewall/firewall.h"
#include "cli/firewall/operator_session.h"
#include "cli/report.h"
#include "firewall/state/state_dir.h"

#include <unistd.h>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct ApplyFlags {
  FirewallFlags common;
  std::string confirm_within;  // a duration
  bool is_confirmed_at_once = false;
  bool may_lock_out = false;
  bool keeps_established = false;
  bool is_forced = false;
  std::uint64_t revision = 0;
  bool is_sure = false;
  bool has_detailed_exit = false;
  std::string plan;  // a file: written by `plan`, read by `apply`
};

void add_peer(json::object& question) {
  const auto peer = ssh_peer();
  if (!peer) return;
  question["peer"] = base::to_string(peer->address);
  question["peer_port"] = peer->port;
}

// The bundle of the policy and who asks from where, as members of a question.
std::optional<json::object> proposal(const FirewallFlags& flags, std::string_view command) {
  base::Diagnostics diagnostics;
  const auto bundle = read_bundle(flags, diagnostics);
  print_error(findings_text(diagnostics));
  if (!bundle) {
    print_error(count_text(diagnostics) + "; the rules in the kernel are unchanged\n");
    return std::nullopt;
  }
  json::object question{
      {"command", command}, {"bundle", firewall::format_bundle(*bundle)}, {"by", who_asks()}};
  add_peer(question);
  return question;
}

// A plan is the policy as it was read, and what the table held then.
base::Result<> write_plan(const std::string& path, const json::object& question,
                          const json::object& answer) {
  constexpr mode_t kPrivate = 0600;
  const json::object plan{{"bundle", question.at("bundle")}, {"live", answer.at("live")}};
  return base::replace_file(path, json::serialize(plan) + "\n", kPrivate);
}

ExitCode plan(const ApplyFlags& flags) {
  const auto question = proposal(flags.common, "plan");
  if (!question) return ExitCode::refused;
  const auto answer = answer_question(flags.common, *question);
  if (!answer) return report(answer.error());
  const ExitCode code = print_answer(*answer, flags.common.form);
  if (code != ExitCode::done) return code;
  boost::system::error_code error;
  const json::value members = json::parse(answer->json, error);
  if (error || !members.is_object()) return ExitCode::could_not;
  if (!flags.plan.empty()) {
    if (auto written = write_plan(flags.plan, *question, members.get_object()); !written)
      return report(written.error());
  }
  const bool is_changed = members.at("is_changed").as_bool();
  return flags.has_detailed_exit && is_changed ? ExitCode::no : ExitCode::done;
}

// The question that a plan's file stands for.
std::optional<json::object> planned(const ApplyFlags& flags) {
  const auto text = base::read_file(flags.plan, firewall::kBundleBytesMax * 2);
  if (!text) {
    report(text.error());
    return std::nullopt;
  }
  boost::system::error_code error;
  const json::value plan = json::parse(*text, error);
  const json::object* members = error ? nullptr : plan.if_object();
  if (members == nullptr || !members->contains("bundle") || !members->contains("live")) {
    print_error(
        fmt::format("ravelin: {} is no plan (ravelin firewall plan --out FILE)\n", flags.plan));
    return std::nullopt;
  }
  json::object question{{"command", "apply"},
                        {"bundle", members->at("bundle")},
                        {"planned_for", members->at("live")},
                        {"by", who_asks()}};
  add_peer(question);
  return question;
}

ExitCode usage(std::string_view why) {
  print_error(fmt::format("ravelin: {}\n", why));
  return ExitCode::usage;
}

// --confirm-within in seconds, 0: not given; none: it is no time, which is said.
std::optional<std::int64_t> seconds_to_confirm(const ApplyFlags& flags) {
  if (flags.confirm_within.empty()) return 0;
  const auto given = base::parse_duration(flags.confirm_within);
  if (given && *given >= std::chrono::seconds(1) && *given <= std::chrono::hours(24))
    return std::chrono::duration_cast<std::chrono::seconds>(*given).count();
  usage(fmt::format("--confirm-within \"{}\" is not a time from 1s to 24h", flags.confirm_within));
  return std::nullopt;
}

ExitCode apply(const ApplyFlags& flags) {
  constexpr std::int64_t kDefaultSeconds = 60;
  const auto given = seconds_to_confirm(flags);
  if (!given) return ExitCode::usage;
  std::int64_t within = *given;  // 0: at once
  if (within == 0 && !flags.is_confirmed_at_once) {
    if (::isatty(STDIN_FILENO) == 0 && !ssh_peer())
      return usage("without a terminal, say --confirm-within TIME or --no-confirm");
    within = kDefaultSeconds;
  }
  auto question = flags.plan.empty() ? proposal(flags.common, "apply") : planned(flags);
  if (!question) return ExitCode::refused;
  if (within != 0) (*question)["confirm_within"] = within;
  (*question)["allow_lockout"] = flags.may_lock_out;
  (*question)["keep_established"] = flags.keeps_established;
  return ask(flags.common, *question);
}

ExitCode confirm(const ApplyFlags& flags) {
  json::object question{
      {"command", "confirm"}, {"revision", flags.revision}, {"force", flags.is_forced}};
  if (const auto age = session_age()) question["session_age"] = age->count();
  return ask(flags.common, question);
}

ExitCode rollback(const ApplyFlags& flags) {
  const auto within = seconds_to_confirm(flags);
  if (!within) return ExitCode::usage;
  json::object question{{"command", "rollback"}, {"by", who_asks()}};
  if (flags.revision != 0) question["revision"] = flags.revision;
  if (*within != 0) question["confirm_within"] = *within;
  question["allow_lockout"] = flags.may_lock_out;
  question["keep_established"] = flags.keeps_established;
  add_peer(question);
  return ask(flags.common, question);
}

ExitCode off(const ApplyFlags& flags) {
  if (!flags.is_sure) {
    if (::isatty(STDIN_FILENO) == 0)
      return usage("removing the table opens this host; without a terminal, say --yes");
    print("This removes the table: nothing will filter what reaches this host. Go on? [y/N] ");
    if (std::getchar() != 'y') return ExitCode::no;
  }
  return ask(flags.common, {{"command", "off"}});
}

ExitCode history(const FirewallFlags& flags) {
  const auto state = firewall::StateDir::open_to_read(flags.state);
  if (!state) return report(state.error());
  const auto confirmed = state->confirmed();
  if (!confirmed) return report(confirmed.error());
  const auto pending = state->pending();
  std::string text;
  json::array array;
  for (const firewall::RevisionInfo& info : state->history()) {
    const bool is_pending = pending && *pending && (*pending)->revision == info.number;
    const std::string_view mark = *confirmed == info.number ? "confirmed"
                                  : is_pending              ? "unconfirmed"
                                                            : "";
    text += fmt::format("{:>5}  {}  {:<11}  {}  {}, by {}\n", info.number,
                        base::utc_text(info.made), mark, info.path, info.reason, info.by);
    array.push_back({{"revision", info.number},
                     {"made", info.made.time_since_epoch().count()},
                     {"state", mark},
                     {"policy", info.path},
                     {"reason", info.reason},
                     {"by", info.by},
                     {"hash", info.hash}});
  }
  if (text.empty()) text = "no policy was ever applied\n";
  print(flags.form == OutputForm::json ? json::serialize(json::object{{"revisions", array}}) + "\n"
                                       : text);
  return ExitCode::done;
}

template <class Run>
CLI::App* add(CLI::App& group, Action& chosen, const char* name, const char* about,
              const std::shared_ptr<ApplyFlags>& flags, Run run) {
  CLI::App* command = group.add_subcommand(name, about);
  add_state_flags(*command, flags->common);
  command->callback([&chosen, flags, run] { chosen = [flags, run] { return run(*flags); }; });
  return command;
}

}  // namespace

void add_firewall_change(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<ApplyFlags>();
  CLI::App* command =
      add(group, chosen, "plan", "what applying a policy would change", flags, plan);
  add_policy_argument(*command, flags->common);
  command->add_option("--out", flags->plan, "keep it, for apply --plan")->type_name("FILE");
  command->add_flag("--detailed-exitcode", flags->has_detailed_exit,
                    "exit 1 when something would change");

  flags = std::make_shared<ApplyFlags>();
  command = add(group, chosen, "apply", "put a policy into the kernel, all of it or nothing", flags,
                apply);
  add_policy_argument(*command, flags->common);
  command
      ->add_option("--plan", flags->plan,
                   "what was planned, if the table is still what it was then")
      ->type_name("FILE")
      ->excludes(command->get_option("policy"));
  auto* within =
      command->add_option("--confirm-within", flags->confirm_within,
                          "undo it unless it is confirmed in this time (60s on a terminal)");
  within->type_name("TIME");
  command->add_flag("--no-confirm", flags->is_confirmed_at_once, "it need not be confirmed")
      ->excludes(within);
  command->add_flag("--allow-lockout", flags->may_lock_out,
                    "even if it cuts off management or your own session");
  command->add_flag("--keep-established", flags->keeps_established,
                    "leave connections alone that it would not let begin");

  flags = std::make_shared<ApplyFlags>();
  command = add(group, chosen, "confirm", "keep what was applied", flags, confirm);
  command->add_option("revision", flags->revision, "as apply said it")
      ->required()
      ->type_name("REV");
  command->add_flag("--force", flags->is_forced, "also from a session older than the change");
  add_json_flag(*command, flags->common.form);

  flags = std::make_shared<ApplyFlags>();
  command = add(group, chosen, "rollback", "back to the confirmed revision, or to an earlier one",
                flags, rollback);
  auto* revision =
      command->add_option("revision", flags->revision, "of the history")->type_name("REV");
  command
      ->add_option("--confirm-within", flags->confirm_within,
                   "undo it unless it is confirmed in this time")
      ->needs(revision)
      ->type_name("TIME");
  command
      ->add_flag("--allow-lockout", flags->may_lock_out,
                 "even if it cuts off management or your own session")
      ->needs(revision);
  command->add_flag("--keep-established", flags->keeps_established,
                    "leave connections alone that it would not let begin");
  add_json_flag(*command, flags->common.form);

  flags = std::make_shared<ApplyFlags>();
  command = add(group, chosen, "off", "remove the table; asks first", flags, off);
  command->add_flag("--yes", flags->is_sure, "do not ask");
  add_json_flag(*command, flags->common.form);

  auto past = std::make_shared<FirewallFlags>();
  command = group.add_subcommand("history", "what was applied, when and by whom");
  add_state_flags(*command, *past);
  add_json_flag(*command, past->form);
  command->callback([&chosen, past] { chosen = [past] { return history(*past); }; });
}

}  // namespace ravelin::cli
