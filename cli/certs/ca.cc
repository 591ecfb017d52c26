// `ravelin certs ca init`, and the group.
#include "cli/certs/ca.h"

#include "base/text.h"
#include "certs/ca/revocation_list.h"
#include "certs/store/store_dir.h"
#include "cli/certs/as_owner.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct InitFlags {
  CertsFlags common;
  certs::CaSettings settings;
  std::vector<std::string> permit;
  std::string lifetime;
};

base::Result<certs::OwnCaOptions> options_of(const InitFlags& flags) {
  certs::OwnCaOptions options{.settings = flags.settings};
  if (!flags.lifetime.empty()) {
    const auto lifetime = base::parse_duration(flags.lifetime);
    if (!lifetime) return base::wrap(lifetime.error(), "--lifetime");
    options.settings.leaf_lifetime = std::chrono::floor<std::chrono::seconds>(*lifetime);
  }
  if (flags.permit.empty()) return options;
  if (std::ranges::find(flags.permit, "any") != flags.permit.end()) {
    if (flags.permit.size() > 1)
      return base::fail(base::Errc::invalid, "--permit: \"any\" stands alone");
    options.permitted = {};
    return options;
  }
  auto permitted = certs::parse_constraints(flags.permit);
  if (!permitted) return base::wrap(permitted.error(), "--permit");
  options.permitted = std::move(*permitted);
  return options;
}

std::string init_text(const certs::OwnCa& ca) {
  const certs::CertificateInfo issuing = certs::describe(ca.issuing().certificate.get());
  const std::string names = base::join(certs::to_texts(ca.permitted()), " ");
  return fmt::format(
      "root P-384, 10 years, offline-able: {}\n"
      "sha256 {}\n"
      "issuing P-256 until {}; certificates live {}\n"
      "names: {}\n"
      "next: ravelin certs ca trust, on every machine that shall trust it\n"
      "keep {} offline until it is needed again, when less than 30 days of the issuing certificate "
      "are left\n",
      ca.folder().path("root.pem"), ca.root_fingerprint(), certs::format_time(issuing.not_after),
      base::format_duration(ca.settings().leaf_lifetime),
      ca.permitted().is_open() ? "any" : names + " (critical name constraints)",
      ca.folder().path("root.key"));
}

json::object init_json(const certs::OwnCa& ca) {
  return {{"name", ca.settings().name},
          {"root", ca.folder().path("root.pem")},
          {"root_key", ca.folder().path("root.key")},
          {"sha256", ca.root_fingerprint()},
          {"permitted", json::value_from(certs::to_texts(ca.permitted()))},
          {"leaf_lifetime_seconds", ca.settings().leaf_lifetime.count()}};
}

ExitCode init(const InitFlags& flags, const std::string& dir) {
  const auto options = options_of(flags);
  if (!options) return report(options.error());
  if (const auto checked = certs::check_settings(options->settings); !checked)
    return report(checked.error());
  const base::WallTime now = base::wall_now();
  const std::string store = std::filesystem::path(dir).parent_path().string();
  if (const auto opened = certs::StoreDir::make(store); !opened) return report(opened.error());
  const auto made = certs::OwnCa::create(dir, *options, now);
  if (!made) return report(made.error());
  const auto held = certs::hold_ca(dir);
  if (!held) return report(held.error());
  if (auto listed = certs::refresh_crl(held->ca, now); !listed) return report(listed.error());
  if (held->ca.permitted().is_open())
    print_error(
        "ravelin: warning: this CA may sign any name: whoever gets at its keys can pass for every "
        "site, to all that trust it\n");
  print(flags.common.form == OutputForm::json ? json::serialize(init_json(held->ca)) + "\n"
                                              : init_text(held->ca));
  return ExitCode::done;
}

void add_ca_init(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<InitFlags>();
  CLI::App* command = group.add_subcommand("init", "make a certificate authority of one's own");
  add_certs_flags(*command, flags->common);
  command->add_option("--name", flags->settings.name, "what its certificates are called")
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("--permit", flags->permit,
                   "the names and addresses it may sign for: .dev.test,10.0.0.0/8; `any` for all "
                   "(private names and addresses without this)")
      ->type_name("LIST")
      ->delimiter(',');
  command
      ->add_option("--lifetime", flags->lifetime,
                   "how long what it signs is good for (168h without)")
      ->type_name("TIME");
  command->callback([&chosen, flags] {
    chosen = [flags] {
      return in_ca_folder(flags->common, [&](const std::string& dir) { return init(*flags, dir); });
    };
  });
}

}  // namespace

ExitCode in_ca_folder(const CertsFlags& flags,
                      const std::function<ExitCode(const std::string&)>& work) {
  const auto store = find_store(flags);
  if (!store) return ExitCode::refused;
  const auto owner = AsOwner::of(*store);
  if (!owner) return report(owner.error());
  return work(*store + "/ca");
}

void add_certs_ca(CLI::App& group, Action& chosen) {
  CLI::App* ca = group.add_subcommand("ca", "a certificate authority of one's own");
  ca->require_subcommand(1);
  add_ca_init(*ca, chosen);
  add_ca_show(*ca, chosen);
  add_ca_sign(*ca, chosen);
  add_ca_trust(*ca, chosen);
}

}  // namespace ravelin::cli
