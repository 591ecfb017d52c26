// `ravelin role …`: for `ravelin run`, which starts it, and for nobody else.
#include "cli/roles/roles.h"

#include "base/io/yaml_bundle.h"
#include "certs/config/parse_certs.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/report.h"
#include "gateway/config/parse.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace ravelin::cli {

base::Result<gateway::Config> config_of(const system::ConfigSnapshot& snapshot) {
  base::yaml::BundleLoader loader(snapshot.files);
  base::Diagnostics diagnostics;
  gateway::ParsedConfig parsed = gateway::load_config(snapshot.files.path, loader, diagnostics);
  if (!diagnostics.has_errors()) return std::move(parsed.config);
  return base::fail(base::Errc::invalid, "{}{}", findings_text(diagnostics),
                    count_text(diagnostics));
}

certs::CertsConfig certs_of(const system::ConfigSnapshot& snapshot) {
  base::yaml::BundleLoader loader(snapshot.files);
  base::Diagnostics ignored;
  return certs::load_certs(snapshot.files.path, loader, ignored);
}

void add_role(CLI::App& app, Action& chosen) {
  CLI::App* group = app.add_subcommand("role", "a process of `ravelin run`, which starts it");
  group->group("");  // in no help
  group->require_subcommand(1);
  auto path = std::make_shared<std::string>();
  CLI::App* reader = group->add_subcommand("read", "reads and checks the configuration");
  add_config_flag(*reader, *path);
  auto last_good = std::make_shared<std::string>();
  reader->add_option("--last-good", *last_good, "read what is kept in this file instead");
  reader->callback([&chosen, path, last_good] {
    chosen = [path, last_good] { return read_role(*path, *last_good); };
  });
  const auto add = [&](const char* name, const char* what, ExitCode (*run)()) {
    group->add_subcommand(name, what)->callback([&chosen, run] { chosen = run; });
  };
  add("gateway", "serves", gateway_role);
  add("keys", "holds the private keys of TLS, and signs", keys_role);
  add("certs", "renews certificates", certs_role);
  add("firewall", "owns the table", firewall_role);
}

}  // namespace ravelin::cli
