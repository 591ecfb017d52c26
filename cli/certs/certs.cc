#include "cli/certs/certs.h"

#include "base/io/yaml.h"
#include "base/io/yaml_include.h"
#include "cli/report.h"
#include "system/confine/credentials.h"

namespace ravelin::cli {
namespace {

namespace yaml = base::yaml;

std::string parse_section(yaml::Map map) {
  std::string store;
  map.optional("store", store, yaml::path());
  std::move(map).finish_partial();
  return store;
}

}  // namespace

void add_certs_flags(CLI::App& command, CertsFlags& flags) {
  CLI::Option* config =
      command.add_option("-c,--config", flags.config, "the configuration that names the store")
          ->type_name("FILE");
  command
      .add_option("--store", flags.store,
                  fmt::format("the folder certificates are kept in ({} without either)",
                              kDefaultCertsStore))
      ->type_name("DIR")
      ->excludes(config);
  add_json_flag(command, flags.form);
}

void add_probe_flag(CLI::App& command, CertsFlags& flags) {
  command.add_flag("!--no-probe", flags.is_probed,
                   "do not ask the gateway's listeners what they show after it (with -c)");
}

std::optional<std::string> find_store(const CertsFlags& flags) {
  if (!flags.store.empty()) return flags.store;
  if (flags.config.empty()) return kDefaultCertsStore;
  yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  const yaml::Tree tree = yaml::load_tree(flags.config, loader, {}, diagnostics);
  std::string store;
  if (tree.root.kind == yaml::Kind::map) {
    yaml::Report report{diagnostics, loader.directory()};
    yaml::Map root(yaml::Value(report, tree.root, ""));
    root.optional("certs", store, yaml::object(parse_section));
    std::move(root).finish_partial();
  }
  print_error(findings_text(diagnostics));
  if (diagnostics.has_errors()) return std::nullopt;
  return store.empty() ? kDefaultCertsStore : store;
}

void add_certs(CLI::App& app, Action& chosen) {
  CLI::App* group = app.add_subcommand("certs", "certificates: issued, rotated and rolled back");
  group->require_subcommand(1);
  group->callback([] { system::forbid_core_dumps(); });  // most of these hold keys
  add_certs_change(*group, chosen);
  add_certs_look(*group, chosen);
  add_certs_tickets(*group, chosen);
  add_certs_ca(*group, chosen);
  add_certs_import(*group, chosen);
  add_certs_export(*group, chosen);
  add_certs_check(*group, chosen);
  add_certs_plan(*group, chosen);
  add_certs_canary(*group, chosen);
  add_certs_revoke(*group, chosen);
  add_certs_accounts(*group, chosen);
  add_certs_backup(*group, chosen);
}

}  // namespace ravelin::cli
