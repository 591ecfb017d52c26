// `ravelin firewall ban`, `unban`, `is-banned` and `bans`.
#include "base/text.h"
#include "cli/firewall/firewall.h"
#include "cli/report.h"

namespace ravelin::cli {
namespace {

struct BanFlags {
  FirewallFlags common;
  std::string address;
  std::string duration;
  std::string reason;
};

ExitCode ban(const BanFlags& flags) {
  boost::json::object question{
      {"command", "ban"}, {"target", flags.address}, {"by", who_asks()}, {"reason", flags.reason}};
  if (!flags.duration.empty()) {
    const auto given = base::parse_duration(flags.duration);
    if (!given || *given < std::chrono::seconds(1)) {
      print_error(
          fmt::format("ravelin: --for \"{}\" is not a time of at least 1s\n", flags.duration));
      return ExitCode::usage;
    }
    question["duration"] = std::chrono::duration_cast<std::chrono::seconds>(*given).count();
  }
  return ask(flags.common, question);
}

CLI::App* add(CLI::App& group, Action& chosen, const std::shared_ptr<BanFlags>& flags,
              const char* name, const char* about, ExitCode (*run)(const BanFlags&)) {
  CLI::App* command = group.add_subcommand(name, about);
  add_state_flags(*command, flags->common);
  add_json_flag(*command, flags->common.form);
  command->callback([&chosen, flags, run] { chosen = [flags, run] { return run(*flags); }; });
  return command;
}

ExitCode unban(const BanFlags& flags) {
  return ask(flags.common, {{"command", "unban"}, {"target", flags.address}});
}

ExitCode is_banned(const BanFlags& flags) {
  return ask(flags.common, {{"command", "is-banned"}, {"address", flags.address}});
}

ExitCode bans(const BanFlags& flags) {
  return ask(flags.common, {{"command", "bans"}});
}

}  // namespace

void add_firewall_bans(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<BanFlags>();
  CLI::App* command =
      add(group, chosen, flags, "ban", "drop all that comes from an address or a range", ban);
  command->add_option("address", flags->address, "an address, or a range as a prefix")
      ->required()
      ->type_name("ADDR");
  command->add_option("--for", flags->duration, "how long; default: the policy's `bans`")
      ->type_name("TIME");
  command->add_option("--reason", flags->reason, "for whoever asks later")->type_name("TEXT");

  flags = std::make_shared<BanFlags>();
  command = add(group, chosen, flags, "unban", "let an address or a range in again", unban);
  command->add_option("address", flags->address, "an address, or a range as a prefix")
      ->required()
      ->type_name("ADDR");

  flags = std::make_shared<BanFlags>();
  command = add(group, chosen, flags, "is-banned",
                "whether an address is banned, why and until when", is_banned);
  command->add_option("address", flags->address, "an address")->required()->type_name("ADDR");

  flags = std::make_shared<BanFlags>();
  add(group, chosen, flags, "bans", "who is banned", bans);
}

}  // namespace ravelin::cli
