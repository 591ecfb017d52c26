// `ravelin certs import`: chains and keys that came from elsewhere.
#include "cli/certs/private_files.h"
#include "cli/certs/served.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <memory>
#include <optional>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::Result;

struct ImportFlags {
  CertsFlags common;
  std::string name;
  std::vector<std::string> chain;
  std::string key;
  std::vector<std::string> also_chain;
  std::string also_key;
  std::string pass_file;
  bool is_dry_run = false;
};

// What the files hold, and what was put right in them.
struct Given {
  certs::Generation generation;
  std::vector<std::string> notes;
};

Result<> add_pair(std::vector<std::string> paths, const std::string& key,
                  const std::string* passphrase, Given& given) {
  if (!key.empty()) paths.push_back(key);
  std::vector<certs::ImportFile> files;
  for (const std::string& path : paths) {
    auto file = read_import_file(path);
    if (!file) return file.error();
    files.push_back(std::move(*file));
  }
  auto pair = certs::read_import(files, passphrase);
  if (!pair) return pair.error();
  auto& place = given.generation.texts(pair->slot);
  if (place)
    return fail(Errc::invalid, "both keys are {}: a certificate has one of each type",
                pair->slot == certs::PairSlot::rsa ? "RSA" : "elliptic");
  place = std::move(pair->texts);
  for (const std::string& note : pair->notes)
    given.notes.push_back("note: " + note);
  return {};
}

Result<Given> read_given(const ImportFlags& flags) {
  std::optional<std::string> passphrase;
  if (!flags.pass_file.empty()) {
    auto text = read_passphrase(flags.pass_file);
    if (!text) return text.error();
    passphrase = std::move(*text);
  }
  const std::string* opened_with = passphrase ? &*passphrase : nullptr;
  Given given;
  if (auto added = add_pair(flags.chain, flags.key, opened_with, given); !added)
    return added.error();
  if (flags.also_chain.empty()) return given;
  if (auto added = add_pair(flags.also_chain, flags.also_key, opened_with, given); !added)
    return added.error();
  return given;
}

ExitCode refuse(const base::Error& error) {
  const ExitCode code = report(error);
  print_error("ravelin: nothing was changed\n");
  return code;
}

ExitCode print_dry_run(const ImportFlags& flags, const Given& given) {
  const certs::GenerationInfo& info = given.generation.info;
  if (flags.common.form == OutputForm::json) {
    print(json::serialize(
              json::object{{"name", flags.name},
                           {"dry_run", true},
                           {"names", json::array(info.names.begin(), info.names.end())},
                           {"not_after", certs::format_time(info.not_after())},
                           {"notes", json::array(given.notes.begin(), given.notes.end())}}) +
          "\n");
    return ExitCode::done;
  }
  for (const std::string& note : given.notes)
    print(note + "\n");
  print(fmt::format("{} could be imported: {}, until {}\nnothing was changed (--dry-run)\n",
                    flags.name, fmt::join(info.names, " "), certs::format_time(info.not_after())));
  return ExitCode::done;
}

// The files are the caller's: read before we are the store's owner.
ExitCode import(const ImportFlags& flags) {
  auto given = read_given(flags);
  if (!given) return refuse(given.error());
  auto desk = CertsDesk::open(flags.common,
                              flags.is_dry_run ? CertsDesk::Need::look : CertsDesk::Need::change);
  if (!desk) return desk.error();
  const certs::RotationParts parts = (*desk)->parts();
  const auto findings = certs::check_import(parts, flags.name, given->generation);
  if (!findings) return refuse(findings.error());
  for (const certs::PairFinding& finding : *findings)
    given->notes.push_back(
        fmt::format("warning: {}: {}", certs::code_text(finding.code), finding.message));
  if (flags.is_dry_run) return print_dry_run(flags, *given);
  const auto imported =
      certs::import_certificate(parts, flags.name, std::move(given->generation), who_asks());
  if (!imported) return refuse(imported.error());
  return print_served(**desk, flags.common, flags.name, imported->before, imported->info,
                      given->notes);
}

}  // namespace

void add_certs_import(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* command =
      group.add_subcommand("import", "a certificate and its key from elsewhere, served at once");
  add_certs_flags(*command, flags->common);
  command->add_option("name", flags->name, "what it is called in the store; it has to cover that")
      ->required()
      ->type_name("NAME");
  command
      ->add_option("--chain", flags->chain,
                   "its certificates in any order: PEM, DER or PKCS#12 (then with the key)")
      ->required()
      ->type_name("FILE");
  command->add_option("--key", flags->key, "its private key, where --chain does not have it")
      ->type_name("FILE");
  CLI::Option* also =
      command
          ->add_option("--also-chain", flags->also_chain,
                       "the same names with a key of the other type (elliptic, RSA)")
          ->type_name("FILE");
  command->add_option("--also-key", flags->also_key, "the key of --also-chain")
      ->type_name("FILE")
      ->needs(also);
  command
      ->add_option("--pass-file", flags->pass_file,
                   "a file of mode 0600 with the passphrase of what is encrypted")
      ->type_name("FILE");
  add_probe_flag(*command, flags->common);
  command->add_flag("--dry-run", flags->is_dry_run, "check all of it and change nothing");
  command->callback([&chosen, flags] { chosen = [flags] { return import(*flags); }; });
}

}  // namespace ravelin::cli
