// `ravelin abuse`: who has points against them or is banned, and how to forgive one.
#include "base/address.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/table.h"

#include <memory>

namespace ravelin::cli {
namespace {

struct AbuseOptions {
  AdminFlags admin;
  std::string client;
};

std::vector<TableRow> client_rows(const boost::json::value& answer) {
  std::vector<TableRow> rows = {{"CLIENT", "POINTS", "BANNED FOR"}};
  for (const boost::json::value& client : list_at(answer, "clients")) {
    const std::int64_t banned_for = number_at(client, "banned_for_s");
    rows.push_back({text_at(client, "client"), fmt::format("{}", number_at(client, "points")),
                    banned_for == 0 ? std::string("-") : fmt::format("{} s", banned_for)});
  }
  return rows;
}

ExitCode show_answer(const AdminFlags& flags, std::string_view method, const std::string& path) {
  const auto answer = ask_gateway(flags, method, path);
  if (!answer) return report_failure(answer.error());
  print(flags.form == OutputForm::json ? answer->text : table_text(client_rows(answer->json)));
  return ExitCode::done;
}

// A prefix as one segment of a path.
std::string one_segment(const std::string& client) {
  std::string text;
  for (const char c : client)
    text += c == '/' ? std::string("%2F") : std::string(1, c);
  return text;
}

std::string is_client(const std::string& text) {
  const auto prefix = base::parse_prefix(text);
  return prefix ? "" : "\"" + text + "\" is not an address or prefix";
}

}  // namespace

void add_abuse(CLI::App& app, Action& chosen) {
  CLI::App* group = app.add_subcommand("abuse", "clients that break the rules of the gateway");
  group->require_subcommand(1);
  auto options = std::make_shared<AbuseOptions>();
  CLI::App* list =
      group->add_subcommand("list", "the worst: their points, and for how long banned");
  add_admin_flags(*list, options->admin);
  list->callback([&chosen, options] {
    chosen = [options] { return show_answer(options->admin, "GET", "/v1/abuse"); };
  });
  CLI::App* forget = group->add_subcommand("forget", "no points and no ban against a client");
  forget->add_option("client", options->client, "an address, or a prefix as listed")
      ->type_name("CLIENT")
      ->required()
      ->check(is_client);
  add_admin_flags(*forget, options->admin);
  forget->callback([&chosen, options] {
    chosen = [options] {
      return show_answer(options->admin, "POST",
                         "/v1/abuse/" + one_segment(options->client) + "/forget");
    };
  });
}

}  // namespace ravelin::cli
