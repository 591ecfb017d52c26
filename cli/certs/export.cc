// `ravelin certs export`: a chain and its key, for programs that Ravelin does not serve.
#include "base/io/file.h"
#include "certs/import/pkcs12.h"
#include "cli/certs/desk.h"
#include "cli/certs/private_files.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::Result;

constexpr mode_t kExportMode = 0644;
constexpr mode_t kPrivateMode = 0600;

struct ExportFlags {
  CertsFlags common;
  std::string name;
  std::uint64_t to = 0;
  std::string out;
  std::string pass_file;
  std::string key;  // "ec", "rsa", "" = the one there is

  [[nodiscard]] bool is_pkcs12() const { return out.ends_with(".p12") || out.ends_with(".pfx"); }
};

// The pairs that go out.
Result<std::vector<certs::PairSlot>> choose(const ExportFlags& flags,
                                            const certs::Generation& generation) {
  std::vector<certs::PairSlot> slots;
  for (const certs::PairSlot slot : certs::kPairSlots)
    if (generation.texts(slot) && (flags.key.empty() || flags.key == certs::text_of(slot)))
      slots.push_back(slot);
  if (slots.empty())
    return fail(Errc::invalid, "generation {} of \"{}\" has no {} key", generation.info.number,
                flags.name, flags.key);
  if (flags.is_pkcs12() && slots.size() > 1)
    return fail(Errc::invalid, "\"{}\" has two keys and PKCS#12 holds one: say --key ec or rsa",
                flags.name);
  return slots;
}

Result<certs::Generation> read_generation(const ExportFlags& flags, CertsDesk& desk) {
  const auto state = desk.store().state(flags.name);
  if (!state) return state.error();
  const std::uint64_t number = flags.to == 0 ? state->current : flags.to;
  if (number == 0) return fail(Errc::invalid, "nothing is served for \"{}\" yet", flags.name);
  auto generation = desk.store().generation(flags.name, number);
  if (!generation) return generation.error();
  if (const auto slots = choose(flags, *generation); !slots) return slots.error();
  // Before it leaves: who has a key is to be found out afterwards in any case.
  desk.store().note(flags.name,
                    {std::chrono::floor<std::chrono::seconds>(base::wall_now()), "export",
                     state->current, who_asks(), certs::this_process({}).node,
                     fmt::format("generation {} with its key, to {}", number, flags.out)});
  return generation;
}

Result<std::vector<std::string>> write_pem(const ExportFlags& flags,
                                           const certs::Generation& generation) {
  const auto slots = choose(flags, generation);
  if (!slots) return slots.error();
  std::vector<std::string> files;
  for (const certs::PairSlot slot : *slots) {
    const certs::PairTexts& texts = *generation.texts(slot);
    const std::string chain = flags.out + "/" + certs::chain_file(slot);
    const std::string key = flags.out + "/" + certs::key_file(slot);
    if (auto done = base::replace_file(chain, texts.chain, kExportMode); !done) return done.error();
    if (auto done = base::replace_file(key, texts.key, kPrivateMode); !done) return done.error();
    files.push_back(chain);
    files.push_back(key);
  }
  return files;
}

Result<std::vector<std::string>> write_pkcs12(const ExportFlags& flags,
                                              const certs::Generation& generation,
                                              const std::string& passphrase) {
  const auto slots = choose(flags, generation);
  if (!slots) return slots.error();
  const certs::PairTexts& texts = *generation.texts(slots->front());
  const auto bytes = certs::make_pkcs12(texts.chain, texts.key, passphrase, flags.name);
  if (!bytes) return bytes.error();
  if (auto done = base::replace_file(flags.out, *bytes, kPrivateMode); !done) return done.error();
  return std::vector<std::string>{flags.out};
}

ExitCode print_written(const ExportFlags& flags, const certs::Generation& generation,
                       const std::vector<std::string>& files) {
  if (flags.common.form == OutputForm::json) {
    print(json::serialize(json::object{{"name", flags.name},
                                       {"generation", generation.info.number},
                                       {"files", json::array(files.begin(), files.end())}}) +
          "\n");
    return ExitCode::done;
  }
  print(fmt::format("generation {} of {}, until {}\n", generation.info.number, flags.name,
                    certs::format_time(generation.info.not_after())));
  for (const std::string& file : files)
    print(file + "\n");
  return ExitCode::done;
}

// The place is the caller's: looked at before and written after we are the store's owner.
ExitCode run(const ExportFlags& flags) {
  std::string passphrase;
  if (flags.is_pkcs12()) {
    if (flags.pass_file.empty()) {
      print_error("ravelin: PKCS#12 needs a passphrase: --pass-file FILE (mode 0600)\n");
      return ExitCode::usage;
    }
    auto text = read_passphrase(flags.pass_file);
    if (!text) return report(text.error());
    passphrase = std::move(*text);
  } else if (!flags.pass_file.empty()) {
    print_error("ravelin: --pass-file goes with --out FILE.p12: PEM is written unencrypted\n");
    return ExitCode::usage;
  }
  const auto place = flags.is_pkcs12() ? check_folder_of(flags.out) : check_key_folder(flags.out);
  if (!place) return report(place.error());
  certs::Generation generation;
  {
    auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
    if (!desk) return desk.error();
    auto read = read_generation(flags, **desk);
    if (!read) return report(read.error());
    generation = std::move(*read);
  }
  if (!flags.is_pkcs12())
    if (auto made = make_key_folder(flags.out); !made) return report(made.error());
  const auto files = flags.is_pkcs12() ? write_pkcs12(flags, generation, passphrase)
                                       : write_pem(flags, generation);
  return files ? print_written(flags, generation, *files) : report(files.error());
}

}  // namespace

void add_certs_export(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command = group.add_subcommand(
      "export", "a chain and its key: PEM files into a folder, or one PKCS#12 file");
  add_certs_flags(*command, flags->common);
  command->add_option("name", flags->name, "which")->required()->type_name("NAME");
  command->add_option("--to", flags->to, "this generation (the one served without this)")
      ->type_name("N");
  command
      ->add_option("--out", flags->out,
                   "a folder of yours alone, made if it is not there, or FILE.p12")
      ->required()
      ->type_name("DIR|FILE.p12");
  command
      ->add_option("--pass-file", flags->pass_file,
                   "a file of mode 0600 with the passphrase for FILE.p12")
      ->type_name("FILE");
  command->add_option("--key", flags->key, "of two keys this one")
      ->check(CLI::IsMember({"ec", "rsa"}))
      ->type_name("TYPE");
  command->callback([&chosen, flags] { chosen = [flags] { return run(*flags); }; });
}

}  // namespace ravelin::cli
