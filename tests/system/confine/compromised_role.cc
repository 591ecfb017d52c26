// A role of `ravelin run` in an intruder's hands: confines itself as that role does, then tries
// what its arguments name and says what came of each. For tests alone; the package does not have
// it.
//
//   compromised_role role=gateway dir=DIR [user=U] [victim=PID] [connect=PORT] [forbidden=PORT]
//                    [abi=N] [seccomp=no] [confine=no] ATTEMPT...
//
// DIR/read and DIR/write are the paths it is allowed, DIR/other is not. One line per attempt:
// "NAME done", or "NAME EPERM". Those that end the process are the last.
#include "system/confine/confine.h"
#include "system/confine/defaults.h"
#include "tests/system/confine/attempts.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace ravelin::system {
namespace {

using Options = std::map<std::string, std::string>;

ConfinedRole role_named(const std::string& name) {
  for (std::size_t i = 0; i < kConfinedRoleWords.size(); ++i) {
    if (kConfinedRoleWords[i] == name) return static_cast<ConfinedRole>(i);
  }
  fmt::print(stderr, "no role {}\n", name);
  std::exit(2);
}

std::uint16_t port_of(Options& options, const std::string& name) {
  return static_cast<std::uint16_t>(std::atoi(options[name].c_str()));
}

Confinement confinement_of(Options& options) {
  Confinement confinement = default_confinement(role_named(options["role"]), options["user"]);
  if (confinement.paths) {
    confinement.paths->push_back({options["dir"] + "/read"});
    confinement.paths->push_back({options["dir"] + "/write", PathAccess::Access::read_write});
  }
  if (confinement.network.inet && confinement.paths) {
    confinement.network.connect_ports.emplace({port_of(options, "connect")});
    confinement.network.bind_ports.emplace();
  }
  return confinement;
}

bool confine_as_asked(Options& options) {
  ConfinementKernel kernel = probe_confinement_kernel();
  if (options.contains("abi")) kernel.landlock_abi = std::atoi(options["abi"].c_str());
  if (options["seccomp"] == "no") kernel.has_seccomp = false;
  const auto report = confine(confinement_of(options), kernel);
  if (!report) {
    fmt::print("error {}\n", report.error().message);
    return false;
  }
  fmt::print("report {}\n", summary_of(*report));
  for (const std::string& gap : gaps_of(*report))
    fmt::print("gap {}\n", gap);
  return true;
}

const Attempt* attempt_named(std::string_view name) {
  for (const Attempts attempts : {own_work(), attempts_on_files(), attempts_on_processes(),
                                  attempts_on_sockets(), attempts_on_kernel()}) {
    for (const Attempt& attempt : attempts) {
      if (attempt.name == name) return &attempt;
    }
  }
  return nullptr;
}

int run(Options options, const std::vector<std::string>& names) {
  Surrounding around{.directory = options["dir"],
                     .victim = std::atoi(options["victim"].c_str()),
                     .connect_port = port_of(options, "connect"),
                     .forbidden_port = port_of(options, "forbidden")};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, around.handed.data()) != 0) return 1;
  if (options["confine"] != "no" && !confine_as_asked(options)) return 1;
  for (const std::string& name : names) {
    const Attempt* attempt = attempt_named(name);
    if (attempt == nullptr) {
      fmt::print(stderr, "no attempt {}\n", name);
      return 2;
    }
    std::fflush(stdout);
    const int error = attempt->run(around);
    fmt::print("{} {}\n", name, error == 0 ? "done" : ::strerrorname_np(error));
  }
  return 0;
}

}  // namespace
}  // namespace ravelin::system

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      names.push_back(word);
    else
      options[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return ravelin::system::run(std::move(options), names);
}
