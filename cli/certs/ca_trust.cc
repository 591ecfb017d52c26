// `ravelin certs ca trust`: the root among those this system trusts, and out again.
#include "certs/ca/system_trust.h"
#include "cli/certs/ca.h"
#include "cli/report.h"

#include <boost/json.hpp>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct TrustFlags {
  CertsFlags common;
  certs::SystemTree tree;
  bool is_removed = false;
};

// What of the CA has to be known; read as the folder's owner, before anything is done as root.
struct Root {
  std::string pem;
  std::string fingerprint;
  bool is_open = false;
};

std::string command_text(const TrustFlags& flags, std::string_view more) {
  std::string text = "ravelin certs ca trust";
  if (!flags.common.config.empty()) text += " -c " + flags.common.config;
  if (!flags.common.store.empty()) text += " --store " + flags.common.store;
  if (flags.tree.root != "/") text += " --root " + flags.tree.root;
  return text + std::string(more);
}

ExitCode answer(const TrustFlags& flags, const Root& root, bool is_changed) {
  const std::string file = certs::trust_file(flags.tree, root.fingerprint);
  const std::string undo = command_text(flags, flags.is_removed ? "" : " --remove");
  if (flags.common.form == OutputForm::json) {
    print(json::serialize(json::object{{"trusted", !flags.is_removed},
                                       {"changed", is_changed},
                                       {"sha256", root.fingerprint},
                                       {"file", file},
                                       {"undo", undo}}) +
          "\n");
  } else if (!flags.is_removed) {
    print(fmt::format("trusted by this system: sha256 {}\nput there: {}\nundo: {}\n",
                      root.fingerprint, file, undo));
  } else if (is_changed) {
    print(fmt::format("no longer trusted by this system: sha256 {}\nremoved: {}\nundo: {}\n",
                      root.fingerprint, file, undo));
  } else {
    print(fmt::format("not trusted by this system before either: {} is not there\n", file));
  }
  return ExitCode::done;
}

ExitCode trust(const TrustFlags& flags, const Root& root) {
  if (flags.is_removed) {
    const auto removed = certs::remove_trust(flags.tree, root.fingerprint);
    return removed ? answer(flags, root, *removed) : report(removed.error());
  }
  if (root.is_open)
    print_error(
        "ravelin: warning: this CA may sign any name: this system will believe whoever gets at its "
        "keys\n");
  const auto added = certs::add_trust(flags.tree, root.fingerprint, root.pem);
  return added ? answer(flags, root, true) : report(added.error());
}

}  // namespace

void add_ca_trust(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<TrustFlags>();
  CLI::App* command =
      group.add_subcommand("trust", "put its root among those this system trusts (Debian's way)");
  add_certs_flags(*command, flags->common);
  command->add_flag("--remove", flags->is_removed, "take it out again");
  command->add_option("--root", flags->tree.root, "where the system's tree begins")
      ->type_name("DIR")
      ->capture_default_str();
  command->callback([&chosen, flags] {
    chosen = [flags] {
      Root root;
      const ExitCode read = in_ca_folder(flags->common, [&](const std::string& dir) {
        const auto ca = certs::OwnCa::open(dir);
        if (!ca) return report(ca.error());
        root = {certs::to_pem(ca->root()), ca->root_fingerprint(), ca->permitted().is_open()};
        return ExitCode::done;
      });
      return read == ExitCode::done ? trust(*flags, root) : read;
    };
  });
}

}  // namespace ravelin::cli
