// `ravelin firewall derive` and `export`: policies that follow from what the gateway is configured
// to do. Both print a text; nothing is applied.
#include "base/io/file.h"
#include "certs/config/parse_certs.h"
#include "cli/firewall/firewall.h"
#include "cli/report.h"
#include "firewall/control/prepare.h"
#include "gateway/config/parse.h"
#include "system/derive/host_policy.h"
#include "system/derive/source_address.h"

#include <algorithm>

namespace ravelin::cli {
namespace {

struct DeriveFlags {
  std::string config;
  std::string policy;  // "" = none is looked at
  std::string out;     // "" = printed
  system::BackendPolicy backend;
};

struct Read {
  gateway::Config config;
  certs::CertsConfig certs;
};

// Findings are printed.
std::optional<Read> read(const std::string& path) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  gateway::ParsedConfig parsed = gateway::load_config(path, loader, diagnostics);
  certs::CertsConfig certs = certs::load_certs(path, loader, diagnostics);
  if (!diagnostics.has_errors()) return Read{std::move(parsed.config), std::move(certs)};
  print_error(findings_text(diagnostics));
  return std::nullopt;
}

ExitCode give(const DeriveFlags& flags, const std::string& text) {
  if (flags.out.empty()) {
    print(text);
    return ExitCode::done;
  }
  constexpr mode_t kMode = 0644;
  const auto written = base::replace_file(flags.out, text, kMode);
  if (!written) return report(written.error());
  print(fmt::format("{} is written\n", flags.out));
  return ExitCode::done;
}

// What the policy has of its own. Nothing: it cannot be read, which is said.
std::optional<system::DeriveOptions> options_for(const std::string& path) {
  FirewallFlags flags;
  flags.policy = path;
  base::Diagnostics diagnostics;
  const auto bundle = read_bundle(flags, diagnostics);
  if (!bundle) print_error(findings_text(diagnostics));
  if (!bundle) return std::nullopt;
  const auto policy = firewall::policy_of(*bundle);
  if (!policy) {
    report(policy.error());
    return std::nullopt;
  }
  return system::options_for(*policy);
}

ExitCode derive(const DeriveFlags& flags) {
  const auto read_files = read(flags.config);
  if (!read_files) return ExitCode::refused;
  system::DeriveOptions options;
  if (!flags.policy.empty()) {
    const auto of_policy = options_for(flags.policy);
    if (!of_policy) return ExitCode::refused;
    options = *of_policy;
  }
  const system::DerivedRules rules = system::derive(read_files->config, read_files->certs, options);
  print_error(findings_text(rules.findings));
  return give(flags, system::included_policy(rules, flags.config));
}

// Where this host connects to the pool's servers from, as its routes are now.
base::Result<std::vector<std::string>> own_addresses(const gateway::Config& config,
                                                     const std::string& pool) {
  std::vector<std::string> addresses;
  for (const gateway::PoolConfig& known : config.pools) {
    if (known.name != pool) continue;
    for (const gateway::ServerConfig& server : known.servers) {
      const auto* ip = std::get_if<base::IpEndpoint>(&server.address);
      if (ip == nullptr) continue;
      const auto address = system::source_address(ip->address);
      if (!address) return base::wrap(address.error(), "--from is not given");
      addresses.push_back(base::to_string(*address));
    }
  }
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.empty())
    return base::fail(base::Errc::invalid,
                      "where the gateways of pool \"{}\" connect from is not known: give --from",
                      pool);
  return addresses;
}

ExitCode export_policy(DeriveFlags flags) {
  const auto read_files = read(flags.config);
  if (!read_files) return ExitCode::refused;
  const gateway::Config& config = read_files->config;
  const bool is_known = std::ranges::any_of(
      config.pools, [&](const auto& pool) { return pool.name == flags.backend.pool; });
  if (flags.backend.gateways.empty() && is_known) {
    auto addresses = own_addresses(config, flags.backend.pool);
    if (!addresses) return report(addresses.error());
    flags.backend.gateways = std::move(*addresses);
  }
  const auto text = system::backend_policy(config, flags.backend);
  return text ? give(flags, *text) : report(text.error());
}

CLI::Validator address_validator() {
  return {[](std::string& text) {
            return base::parse_prefix(text) ? std::string() : text + " is no address or network";
          },
          "ADDRESS", "address"};
}

}  // namespace

void add_firewall_derive(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<DeriveFlags>();
  CLI::App* command = group.add_subcommand(
      "derive", "print what the gateway's configuration needs of this host's policy");
  add_config_flag(*command, flags->config);
  command->add_option("--policy", flags->policy, "the policy that is to include it")
      ->type_name("POLICY");
  command->add_option("--out", flags->out, "write it there instead")->type_name("FILE");
  command->callback([&chosen, flags] { chosen = [flags] { return derive(*flags); }; });

  auto of_backend = std::make_shared<DeriveFlags>();
  CLI::App* exported =
      group.add_subcommand("export", "print a policy for the hosts that serve a pool");
  add_config_flag(*exported, of_backend->config);
  exported->add_option("--for", of_backend->backend.pool, "the pool")
      ->type_name("POOL")
      ->required();
  exported
      ->add_option("--from", of_backend->backend.gateways,
                   "where gateways connect from (default: this host's address towards the servers)")
      ->check(address_validator());
  exported
      ->add_option("--management", of_backend->backend.management,
                   "who may log in with ssh (default: nobody)")
      ->check(address_validator());
  exported->add_option("--out", of_backend->out, "write it there instead")->type_name("FILE");
  exported->callback(
      [&chosen, of_backend] { chosen = [of_backend] { return export_policy(*of_backend); }; });
}

}  // namespace ravelin::cli
