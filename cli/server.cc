// `ravelin server`: backend servers at run time: what they do, orders to drain, rest, come back and
// weigh more or less, and servers added and removed.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/server_rows.h"
#include "gateway/config/pool_config.h"

#include <filesystem>
#include <memory>

namespace ravelin::cli {
namespace {

struct ServerOptions {
  AdminFlags admin;
  std::string server;  // POOL/SERVER
  std::string weight;  // a number, or "default"
  bool is_saved = false;
};

struct AddOptions {
  AdminFlags admin;
  std::string pool;
  std::string address;
  std::string name;
  std::string zone;
  std::optional<int> weight;
  std::optional<int> priority;
  std::optional<std::uint32_t> connections_max;
  bool is_backup = false;
  bool speaks_tls = false;
  bool speaks_plaintext = false;
  std::string ca;
  std::string tls_name;
  std::string certificate;
  std::string key;
  bool is_saved = false;
};

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

std::string saving(bool is_saved) {
  return is_saved ? "?save=true" : "";
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
  return show(options.admin, "POST",
              order_path(options.server, "weight") + saving(options.is_saved),
              "{\"weight\":" + value + "}");
}

// The gateway may stand in another directory.
std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

boost::json::object body_of(const AddOptions& options) {
  boost::json::object body{{"address", options.address}};
  if (!options.name.empty()) body["name"] = options.name;
  if (options.weight) body["weight"] = *options.weight;
  if (options.is_backup) body["backup"] = true;
  if (options.priority) body["priority"] = *options.priority;
  if (!options.zone.empty()) body["zone"] = options.zone;
  if (options.connections_max) body["connections_max"] = *options.connections_max;
  if (options.speaks_plaintext) body["tls"] = false;
  boost::json::object tls;
  if (!options.ca.empty()) tls["ca"] = absolute(options.ca);
  if (!options.tls_name.empty()) tls["name"] = options.tls_name;
  if (!options.certificate.empty()) tls["certificate"] = absolute(options.certificate);
  if (!options.key.empty()) tls["key"] = absolute(options.key);
  if (options.speaks_tls || !tls.empty()) body["tls"] = std::move(tls);
  return body;
}

ExitCode add(const AddOptions& options) {
  return show(options.admin, "POST",
              "/v1/servers/" + percent_encoded(options.pool) + saving(options.is_saved),
              boost::json::serialize(body_of(options)));
}

ExitCode list_overrides(const AdminFlags& flags) {
  const auto answer = ask_gateway(flags, "GET", "/v1/overrides");
  if (!answer) return report_failure(answer.error());
  std::vector<TableRow> rows = {{"POOL", "SERVER", "ORDER", "SINCE", "SAVED", "EFFECT"}};
  for (const boost::json::value& one : list_at(answer->json, "overrides"))
    rows.push_back({text_at(one, "pool"), text_at(one, "server"), text_at(one, "order"),
                    text_at(one, "since"), text_at(one, "saved"),
                    flag_at(one, "effect") ? "" : "none: there is no such server"});
  print(flags.form == OutputForm::json ? answer->text : table_text(rows));
  return ExitCode::done;
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
  if (is_number && std::stoi(text) <= gateway::kServerWeightMax) return "";
  return fmt::format("\"{}\" is not a weight (0 to {}, or default)", text,
                     gateway::kServerWeightMax);
}

CLI::App* add_order(CLI::App& group, const std::string& verb, const std::string& what,
                    ServerOptions& options) {
  CLI::App* command = group.add_subcommand(verb, what);
  command->add_option("server", options.server, "which one")
      ->type_name("POOL/SERVER")
      ->required()
      ->check(is_server);
  add_admin_flags(*command, options.admin);
  command->add_flag("--save", options.is_saved, "also for the next start (admin.overrides)");
  return command;
}

void add_adding(CLI::App& group, Action& chosen) {
  auto options = std::make_shared<AddOptions>();
  CLI::App* command = group.add_subcommand("add", "another server for a pool, at once");
  command->add_option("pool", options->pool, "which pool")->type_name("POOL")->required();
  command->add_option("address", options->address, "address or name and port, or unix:/path")
      ->type_name("ADDRESS")
      ->required();
  command->add_option("--name", options->name, "instead of the address");
  command->add_option("--weight", options->weight, "0 to 256 (1)")
      ->check(CLI::Range(0, gateway::kServerWeightMax));
  CLI::Option* backup = command->add_flag("--backup", options->is_backup, "after all others");
  command->add_option("--priority", options->priority, "0 to 15, lower ones first (0)")
      ->check(CLI::Range(0, 15))
      ->excludes(backup);
  command->add_option("--zone", options->zone, "where it is");
  command->add_option("--connections-max", options->connections_max, "requests in flight; 0 = any");
  CLI::Option* plaintext =
      command->add_flag("--plaintext", options->speaks_plaintext, "no TLS, though the others have");
  command->add_flag("--tls", options->speaks_tls, "TLS to it, verified")->excludes(plaintext);
  command->add_option("--tls-ca", options->ca, "PEM bundle it is verified by (the system's)")
      ->excludes(plaintext);
  command->add_option("--tls-name", options->tls_name, "the name it has to prove (its host)")
      ->excludes(plaintext);
  command->add_option("--tls-certificate", options->certificate, "PEM chain shown to it")
      ->excludes(plaintext);
  command->add_option("--tls-key", options->key, "its private key")->excludes(plaintext);
  command->add_flag("--save", options->is_saved, "also for the next start (admin.overrides)");
  add_admin_flags(*command, options->admin);
  command->callback([&chosen, options] { chosen = [options] { return add(*options); }; });
}

void add_state(CLI::App& group, const std::string& verb, const std::string& what, Action& chosen) {
  auto options = std::make_shared<ServerOptions>();
  CLI::App* command = add_order(group, verb, what, *options);
  command->callback([&chosen, options, verb] {
    chosen = [options, verb] {
      return show(options->admin, "POST",
                  order_path(options->server, verb) + saving(options->is_saved));
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
  add_adding(*group, chosen);
  add_state(*group, "remove", "out of its pool; requests in flight end", chosen);
  add_state(*group, "restore", "a removed server is back in its pool", chosen);
  auto all = std::make_shared<AdminFlags>();
  CLI::App* overrides =
      group->add_subcommand("overrides", "every order in force or saved, and since when");
  add_admin_flags(*overrides, *all);
  overrides->callback([&chosen, all] { chosen = [all] { return list_overrides(*all); }; });
  auto options = std::make_shared<ServerOptions>();
  CLI::App* weight = add_order(*group, "weight", "its share, until it is changed again", *options);
  weight->add_option("weight", options->weight, "0 to 256, or default: as configured")
      ->type_name("N|default")
      ->required()
      ->check(is_weight);
  weight->callback([&chosen, options] { chosen = [options] { return set_weight(*options); }; });
}

}  // namespace ravelin::cli
