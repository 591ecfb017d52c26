// `ravelin upgrade`: the program that is on the disk now takes over from the one that runs.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/report.h"

#include <chrono>
#include <memory>
#include <thread>

namespace ravelin::cli {
namespace {

// The state of the last upgrade, once it is no longer under way.
const boost::json::value* settled(const boost::json::value& status) {
  if (!status.is_object()) return nullptr;
  const boost::json::value* last = status.as_object().if_contains("last_upgrade");
  return last == nullptr || text_at(*last, "state") == "starting" ? nullptr : last;
}

ExitCode upgrade(const AdminFlags& flags) {
  const auto before = ask_gateway(flags, "GET", "/v1/status");
  if (!before) return report_failure(before.error());
  const auto begun = ask_gateway(flags, "POST", "/v1/upgrade");
  if (!begun) return report_failure(begun.error());
  constexpr int kTurns = 750;
  constexpr std::chrono::milliseconds kPause{200};
  for (int i = 0; i < kTurns; ++i, std::this_thread::sleep_for(kPause)) {
    // The gateway that answers is about to be another one.
    const auto status = ask_gateway(flags, "GET", "/v1/status");
    const boost::json::value* last = status ? settled(status->json) : nullptr;
    if (last == nullptr) continue;
    if (text_at(*last, "state") == "failed")
      return report_failure(
          {"not upgraded, what served before serves on: " + text_at(*last, "error")});
    // It says so, too, in the moment before the new one answers here.
    if (number_at(status->json, "pid") == number_at(before->json, "pid")) continue;
    print(flags.form == OutputForm::json
              ? status->text
              : fmt::format("upgraded: ravelin {}, gateway {}\n", text_at(status->json, "version"),
                            number_at(status->json, "pid")));
    return ExitCode::done;
  }
  return report_failure({"the upgrade is still under way; see ravelin status"});
}

}  // namespace

void add_upgrade(CLI::App& app, Action& chosen) {
  auto flags = std::make_shared<AdminFlags>();
  CLI::App* command = app.add_subcommand(
      "upgrade", "have the program on the disk take over, without a lost request");
  add_admin_flags(*command, *flags);
  command->callback([&chosen, flags] { chosen = [flags] { return upgrade(*flags); }; });
}

}  // namespace ravelin::cli
