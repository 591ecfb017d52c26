// `ravelin certs revoke`: a generation is taken back by its CA.
#include "certs/ca/records.h"
#include "certs/rotate/revoke_generation.h"
#include "cli/certs/desk.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct RevocationFlags {
  CertsFlags common;
  std::string name;
  std::uint64_t generation = 0;
  std::string reason = "unspecified";
  bool is_forced = false;
};

ExitCode revoke(const RevocationFlags& flags) {
  const auto reason = certs::parse_revocation_reason(flags.reason);
  if (!reason) return report(base::wrap(reason.error(), "--reason"));
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
  if (!desk) return desk.error();
  const auto done = certs::revoke_generation(
      (*desk)->parts(), {flags.name, flags.generation, *reason, who_asks(), flags.is_forced}, {});
  if (!done) return report(done.error());
  if (flags.common.form == OutputForm::json) {
    print(json::serialize(
              json::object{{"name", flags.name},
                           {"generation", done->number},
                           {"issuer", done->issuer},
                           {"serials", json::array(done->serials.begin(), done->serials.end())},
                           {"keys", json::array(done->keys.begin(), done->keys.end())}}) +
          "\n");
    return ExitCode::done;
  }
  if (done->serials.empty())
    print(fmt::format("generation {} was imported: ask the CA it came from to revoke it, too\n",
                      done->number));
  else
    print(fmt::format("generation {} of {} is revoked\n", done->number, flags.name));
  return ExitCode::done;
}

}  // namespace

void add_certs_revoke(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<RevocationFlags>();
  CLI::App* command = group.add_subcommand("revoke", "the CA takes back a generation");
  add_certs_flags(*command, flags->common);
  command->add_option("name", flags->name, "which")->required()->type_name("NAME");
  command
      ->add_option("--generation", flags->generation,
                   "this one (without it: the one served before the present one)")
      ->type_name("N");
  command
      ->add_option("--reason", flags->reason,
                   "why: key-compromise (its keys are never served again), superseded, …")
      ->type_name("REASON")
      ->capture_default_str();
  command->add_flag("--force", flags->is_forced, "also the one that is served");
  command->callback([&chosen, flags] { chosen = [flags] { return revoke(*flags); }; });
}

}  // namespace ravelin::cli
