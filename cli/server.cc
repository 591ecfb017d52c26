// `ravelin server`: backend servers at run time: what they do, and orders to drain, rest, come back
// and weigh more or less.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/server_rows.h"

#include <memory>

namespace ravelin::cli {
namespace {

struct ServerOptions {
  AdminFlags admin;
  std::string server;  // POOL/SERVER
  std::string weight;  // a number, or "default"
};

constexpr int kWeightMax = 256;

// A server's name may be an address; as a segment of a path it is encoded.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == ':';
    if (is_plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string order_path(const std::string& server, std::string_view verb) {
  const std::size_t slash = server.find('/');
  return fmt::format("/v1/servers/{}/{}/{}", percent_encoded(server.substr(0, slash)),
                     percent_encoded(server.substr(slash + 1)), verb);
}

ExitCode show(const AdminFlags& flags, std::string_view method, const std::string& path,
              const std::string& body = {}) {
  const auto answer = ask_gateway(flags, method, path, body);
  if (!answer) return report_failure(answer.error());
  const bool is_json = flags.form == OutputForm::json;
  print(is_json ? answer->text : table_text(server_rows(answer->json)));
  return ExitCode::done;
}

ExitCode set_weight(const ServerOptions& options) {
  const std::string value = options.weight == "default" ? "null" : options.weight;
  return show(options.admin, "POST", order_path(options.server, "weight"),
              "{\"weight\":" + value + "}");
}

std::string is_server(const std::string& text) {
  const std::size_t slash = text.find('/');
  const bool good = slash != std::string::npos && slash != 0 && slash + 1 != text.size();
  return good ? "" : "\"" + text + "\" is not POOL/SERVER";
}

std::string is_weight(const std::string& text) {
  if (text == "default") return "";
  const bool is_number = !text.empty() && text.size() <= 3 &&
                         text.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && std::stoi(text) <= kWeightMax) return "";
  return fmt::format("\"{}\" is not a weight (0 to {}, or default)", text, kWeightMax);
}

CLI::App* add_order(CLI::App& group, const std::string& verb, const std::string& what,
                    ServerOptions& options) {
  CLI::App* command = group.add_subcommand(verb, what);
  command->add_option("server", options.server, "which one")
      ->type_name("POOL/SERVER")
      ->required()
      ->check(is_server);
  add_admin_flags(*command, options.admin);
  return command;
}

void add_state(CLI::App& group, const std::string& verb, const std::string& what, Action& chosen) {
  auto options = std::make_shared<ServerOptions>();
  CLI::App* command = add_order(group, verb, what, *options);
  command->callback([&chosen, options, verb] {
    chosen = [options, verb] {
      return show(options->admin, "POST", order_path(options->server, verb));
    };
  });
}

}  // namespace

void add_server(CLI::App& app, Action& chosen) {
  CLI::App* group = app.add_subcommand("server", "backend servers of the running gateway");
  group->require_subcommand(1);
  auto flags = std::make_shared<AdminFlags>();
  CLI::App* list = group->add_subcommand("list", "every server, its state and why");
  add_admin_flags(*list, *flags);
  list->callback(
      [&chosen, flags] { chosen = [flags] { return show(*flags, "GET", "/v1/servers"); }; });
  add_state(*group, "drain", "no new requests; those in flight go on", chosen);
  add_state(*group, "ready", "in service again", chosen);
  add_state(*group, "maint", "no requests and no checks", chosen);
  auto options = std::make_shared<ServerOptions>();
  CLI::App* weight = add_order(*group, "weight", "its share, until it is changed again", *options);
  weight->add_option("weight", options->weight, "0 to 256, or default: as configured")
      ->type_name("N|default")
      ->required()
      ->check(is_weight);
  weight->callback([&chosen, options] { chosen = [options] { return set_weight(*options); }; });
}

}  // namespace ravelin::cli
