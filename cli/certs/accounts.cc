// `ravelin certs accounts`: what the CAs know us by.
#include "certs/acme/acme_issuer.h"
#include "cli/certs/desk.h"
#include "cli/report.h"
#include "cli/table.h"

#include <boost/json.hpp>

#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;

struct AccountsFlags {
  CertsFlags common;
  std::string action = "show";
  std::string issuer;
};

std::vector<std::string> acme_issuers(const CertsDesk& desk) {
  std::vector<std::string> names;
  for (const certs::IssuerConfig& issuer : desk.config().issuers)
    if (issuer.kind == certs::IssuerKind::acme) names.push_back(issuer.name);
  return names;
}

base::Result<certs::AcmeIssuer*> find(CertsDesk& desk, const std::string& name) {
  certs::AcmeIssuer* issuer = desk.issuers().find_acme(name);
  if (issuer != nullptr) return issuer;
  if (!desk.issuers().trouble().empty())
    return fail(Errc::invalid, "issuer \"{}\": {}", name, desk.issuers().trouble());
  return fail(Errc::invalid, "issuer \"{}\" is no ACME CA of the configuration (those are: {})",
              name, fmt::join(acme_issuers(desk), ", "));
}

ExitCode show(CertsDesk& desk, const AccountsFlags& flags) {
  std::vector<TableRow> table{{"ISSUER", "DIRECTORY", "ACCOUNT", "CONTACT"}};
  json::array all;
  for (const certs::IssuerConfig& config : desk.config().issuers) {
    if (config.kind != certs::IssuerKind::acme) continue;
    if (!flags.issuer.empty() && config.name != flags.issuer) continue;
    const auto issuer = find(desk, config.name);
    if (!issuer) return report(issuer.error());
    const auto url = (*issuer)->known_account_url({});
    if (!url) return report(url.error());
    table.push_back({config.name, config.directory,
                     url->empty() ? "none yet (the first order makes one)" : *url,
                     fmt::format("{}", fmt::join(config.contact, " "))});
    all.push_back(
        json::object{{"issuer", config.name},
                     {"directory", config.directory},
                     {"account", *url},
                     {"contact", json::array(config.contact.begin(), config.contact.end())}});
  }
  if (flags.common.form == OutputForm::json)
    print(json::serialize(json::object{{"accounts", std::move(all)}}) + "\n");
  else
    print(table_text(table));
  return ExitCode::done;
}

// The issuer named, or the only one there is.
base::Result<std::string> choose(const CertsDesk& desk, const AccountsFlags& flags) {
  if (!flags.issuer.empty()) return flags.issuer;
  const std::vector<std::string> names = acme_issuers(desk);
  if (names.size() == 1 && flags.action != "deactivate") return names.front();
  return fail(Errc::invalid, "say which issuer's account: {}", fmt::join(names, ", "));
}

ExitCode change(CertsDesk& desk, const AccountsFlags& flags) {
  const auto name = choose(desk, flags);
  if (!name) return report(name.error());
  const auto issuer = find(desk, *name);
  if (!issuer) return report(issuer.error());
  const auto url = (*issuer)->known_account_url({});
  if (!url) return report(url.error());
  if (url->empty()) return report(fail(Errc::invalid, "issuer \"{}\" has no account yet", *name));
  const bool is_roll = flags.action == "roll-key";
  const auto done = is_roll ? (*issuer)->change_account_key({}) : (*issuer)->deactivate_account({});
  if (!done) return report(done.error());
  if (flags.common.form == OutputForm::json)
    print(json::serialize(
              json::object{{"issuer", *name}, {"account", *url}, {"done", flags.action}}) +
          "\n");
  else
    print(is_roll ? fmt::format("{} has a new key: {}\n", *name, *url)
                  : fmt::format("{} is deactivated for good: {}; the next order makes another\n",
                                *name, *url));
  return ExitCode::done;
}

ExitCode accounts(const AccountsFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
  if (!desk) return desk.error();
  if (acme_issuers(**desk).empty())
    return report(fail(Errc::invalid,
                       "no ACME CA is configured (certs.issuers): only those have accounts{}",
                       flags.common.config.empty() ? "; give -c FILE" : ""));
  if (flags.action != "show") return change(**desk, flags);
  if (!flags.issuer.empty())
    if (const auto found = find(**desk, flags.issuer); !found) return report(found.error());
  return show(**desk, flags);
}

}  // namespace

void add_certs_accounts(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<AccountsFlags>();
  CLI::App* command = group.add_subcommand("accounts", "what ACME CAs know us by");
  add_certs_flags(*command, flags->common);
  command
      ->add_option("action", flags->action, "show, roll-key (a new key), or deactivate (for good)")
      ->check(CLI::IsMember({"show", "roll-key", "deactivate"}))
      ->capture_default_str()
      ->type_name("ACTION");
  command->add_option("issuer", flags->issuer, "whose")->type_name("ISSUER");
  command->callback([&chosen, flags] { chosen = [flags] { return accounts(*flags); }; });
}

}  // namespace ravelin::cli
