// `ravelin certs issue|rotate|rollback|remove|index`: what changes which certificate is served.
#include "certs/view/store_index.h"
#include "certs/view/store_upkeep.h"
#include "cli/certs/canary.h"
#include "cli/certs/rehearse.h"
#include "cli/certs/served.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <algorithm>
#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct ChangeFlags {
  CertsFlags common;
  std::vector<std::string> names;  // the certificate's, and further ones it covers
  std::vector<std::string> issuers;
  std::vector<std::string> keys;
  std::string profile;
  std::string because;
  std::uint64_t to = 0;
  bool all = false;
  bool is_dry_run = false;
  std::uint16_t http_port = 80;
  CanaryWords canary;
};

// The new generation is shown to some clients only.
ExitCode print_tried(const CertsDesk& desk, const CertsFlags& flags, const std::string& name,
                     const certs::GenerationInfo& info) {
  const auto canary = certs::find_canary(desk.store(), name);
  if (!canary || canary->generation != info.number)
    return report(base::fail(base::Errc::conflict,
                             "generation {} is no canary any more: something else was published",
                             info.number));
  const auto seen = desk.await_gateway(name, {.generation = info.number, .share = canary->share});
  if (flags.form == OutputForm::json) {
    json::object out = canary_json(*canary);
    out["gateway"] = seen ? seen->text : seen.error().message;
    print(json::serialize(out) + "\n");
  } else {
    print(canary_text(*canary) + "\n" + (seen ? seen->text : ""));
    print(fmt::format("for all: ravelin certs canary {} --finish; for none: --end\n", name));
  }
  return seen ? ExitCode::done : report(seen.error());
}

ExitCode run_rotation(CertsDesk& desk, const CertsFlags& flags,
                      const certs::RotationRequest& request) {
  const std::string name = request.name;
  const auto rotated = certs::rotate_certificate(desk.parts(), request, {});
  if (!rotated) {
    const certs::RotationFailure& failure = rotated.error();
    const ExitCode code = report(failure.error);
    if (failure.retry_after)
      print_error(fmt::format("ravelin: the CA asks to wait {} s\n", failure.retry_after->count()));
    return code;
  }
  if (request.canary) return print_tried(desk, flags, name, rotated->info);
  return print_served(desk, flags, name, rotated->before, rotated->info);
}

ExitCode issue(const ChangeFlags& flags) {
  auto desk = CertsDesk::open(flags.common,
                              flags.is_dry_run ? CertsDesk::Need::look : CertsDesk::Need::change);
  if (!desk) return desk.error();
  const std::string& name = flags.names.front();
  certs::Want want;
  if (auto known = (*desk)->want(name); known) want = std::move(*known);
  if (flags.names.size() > 1 || want.names.empty()) want.names = flags.names;
  if (!flags.issuers.empty()) want.issuers = flags.issuers;
  if (!flags.keys.empty()) want.keys = flags.keys;
  if (!flags.profile.empty()) want.profile = flags.profile;
  if (want.issuers.empty())
    for (const certs::IssuerConfig& issuer : (*desk)->config().issuers)
      want.issuers.push_back(issuer.name);
  if (flags.is_dry_run)
    return rehearse_issue(**desk, flags.common, {std::move(want), flags.http_port});
  return run_rotation(**desk, flags.common, {name, std::move(want), "issue", who_asks()});
}

ExitCode rotate(const ChangeFlags& flags) {
  const auto canary = parse_canary_words(flags.canary);
  if (!canary) return report(canary.error());
  auto desk = CertsDesk::open(flags.common,
                              flags.is_dry_run ? CertsDesk::Need::look : CertsDesk::Need::change);
  if (!desk) return desk.error();
  std::vector<std::string> names = flags.names;
  if (flags.all) {
    auto all = (*desk)->store().names();
    if (!all) return report(all.error());
    names = std::move(*all);
  }
  ExitCode code = ExitCode::done;
  for (const std::string& name : names) {
    auto want = (*desk)->want(name);
    if (want && flags.all && want->issuers.empty()) continue;  // imported: not ours to renew
    if (!want) {
      code = worse(code, report(want.error()));
      continue;
    }
    if (flags.is_dry_run) {
      code = worse(code, rehearse_issue(**desk, flags.common, {std::move(*want), flags.http_port}));
      continue;
    }
    certs::RotationRequest request{name, std::move(*want), flags.because, who_asks()};
    request.canary = *canary;
    code = worse(code, run_rotation(**desk, flags.common, request));
  }
  if (flags.all && !flags.is_dry_run) certs::StoreUpkeep((*desk)->store()).tend({});
  return code;
}

ExitCode rollback(const ChangeFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::change);
  if (!desk) return desk.error();
  const std::string& name = flags.names.front();
  const auto before = (*desk)->store().state(name);
  if (!before) return report(before.error());
  const auto info = certs::roll_back((*desk)->parts(), name, flags.to, who_asks());
  if (!info) return report(info.error());
  // Someone wants it: whatever a probe says of it, it is not taken back.
  CertsFlags common = flags.common;
  common.is_probed = false;
  return print_served(**desk, common, name, before->current, *info);
}

ExitCode remove(const ChangeFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::change);
  if (!desk) return desk.error();
  const std::string& name = flags.names.front();
  auto lease = (*desk)->store().lease(name, "remove");
  if (!lease) return report(lease.error());
  if (auto removed = (*desk)->store().remove(**lease, name); !removed)
    return report(removed.error());
  print(fmt::format("{} is removed with all its generations\n", name));
  return ExitCode::done;
}

ExitCode index(const ChangeFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::change);
  if (!desk) return desk.error();
  const auto made = certs::rebuild_index((*desk)->store());
  if (!made) return report(made.error());
  for (const std::string& line : made->left_out)
    print_error("ravelin: left out: " + line + "\n");
  if (flags.common.form == OutputForm::json)
    print(json::serialize(json::object{{"certificates", made->certificates},
                                       {"left_out", made->left_out.size()}}) +
          "\n");
  else
    print(fmt::format("{} certificates are in the index\n", made->certificates));
  return made->left_out.empty() ? ExitCode::done : ExitCode::no;
}

using Run = ExitCode (*)(const ChangeFlags&);

CLI::App* add(CLI::App& group, Action& chosen, const char* name, const char* what,
              const std::shared_ptr<ChangeFlags>& flags, Run run) {
  CLI::App* command = group.add_subcommand(name, what);
  add_certs_flags(*command, flags->common);
  command->callback([&chosen, flags, run] { chosen = [flags, run] { return run(*flags); }; });
  return command;
}

void add_dry_run(CLI::App& command, ChangeFlags& flags) {
  CLI::Option* dry_run =
      command.add_flag("--dry-run", flags.is_dry_run,
                       "look at all that could keep it from being signed, and order nothing");
  command
      .add_option("--http-port", flags.http_port,
                  "where --dry-run asks for http-01, when it is not 80 as seen from here")
      ->check(CLI::Range(1, 65535))
      ->type_name("PORT")
      ->needs(dry_run);
}

void add_issue(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<ChangeFlags>();
  CLI::App* command = add(group, chosen, "issue", "a certificate for new names", flags, issue);
  command->add_option("name", flags->names, "the certificate's name, and others it covers")
      ->required()
      ->type_name("NAME");
  command
      ->add_option("--issuer", flags->issuers,
                   "who signs it, in this order (\"local\": the own CA)")
      ->type_name("ISSUER");
  command
      ->add_option("--key", flags->keys, "p256, p384, rsa2048, rsa3072, rsa4096; one of each type")
      ->type_name("KIND")
      ->delimiter(',');
  command
      ->add_option("--profile", flags->profile, "of the CA; of the own one: server, client, peer")
      ->type_name("PROFILE");
  add_probe_flag(*command, flags->common);
  add_dry_run(*command, *flags);
}

void add_rotate(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<ChangeFlags>();
  flags->because = "rotate";
  CLI::App* command =
      add(group, chosen, "rotate", "a new key and certificate, served at once", flags, rotate);
  CLI::Option* names = command->add_option("name", flags->names, "which")->type_name("NAME");
  CLI::Option* all = command->add_flag("--all", flags->all, "every certificate that has an issuer");
  all->excludes(names);
  command->add_option("--because", flags->because, "why, for the history")
      ->check(CLI::IsMember({"rotate", "key-compromise", "superseded"}))
      ->capture_default_str();
  add_canary_words(*command, flags->canary, true);
  add_probe_flag(*command, flags->common);
  add_dry_run(*command, *flags);
  command->require_option(1, 0);
}

}  // namespace

void add_certs_change(CLI::App& group, Action& chosen) {
  add_issue(group, chosen);
  add_rotate(group, chosen);
  auto back = std::make_shared<ChangeFlags>();
  CLI::App* rolling =
      add(group, chosen, "rollback", "the generation before is served again", back, rollback);
  rolling->add_option("name", back->names, "which")->required()->expected(1)->type_name("NAME");
  rolling->add_option("--to", back->to, "this generation")->type_name("N");
  auto gone = std::make_shared<ChangeFlags>();
  add(group, chosen, "remove", "a certificate goes, with all its generations", gone, remove)
      ->add_option("name", gone->names, "which")
      ->required()
      ->expected(1)
      ->type_name("NAME");
  auto indexed = std::make_shared<ChangeFlags>();
  add(group, chosen, "index", "make the index anew that gateways start from", indexed, index);
}

}  // namespace ravelin::cli
