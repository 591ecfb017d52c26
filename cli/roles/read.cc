// The process that reads the configuration: checks all of it, says what follows from it, ends.
#include "base/io/file.h"
#include "base/io/yaml_bundle.h"
#include "certs/config/parse_certs.h"
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/confine_role.h"
#include "cli/roles/roles.h"
#include "messages/channel/seq_socket.h"
#include "messages/fitted_text.h"
#include "system/confine/defaults.h"
#include "system/supervise/grants.h"
#include "system/supervise/launch_plan.h"
#include "system/supervise/role_link.h"

#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <span>

namespace ravelin::cli {
namespace {

using base::Result;

// Waits while the supervisor has not taken what was sent before.
Result<> send_patiently(messages::SeqSocket& to, messages::Message message,
                        std::span<const int> descriptors = {}) {
  constexpr std::chrono::seconds kPatience{10};
  return to.send_within({.message = std::move(message)}, kPatience, descriptors);
}

// What an answer holds at most.
std::string fitted(std::string text) {
  return messages::fitted(std::move(text), messages::kPieceBytes);
}

Result<> hand_over(messages::SeqSocket& to, const gateway::Config& config,
                   const system::ConfigSnapshot& snapshot, const std::string& findings) {
  const system::LaunchPlan plan = system::plan_launch(config);
  for (const messages::RoleWanted& role : plan.roles) {
    if (auto sent = send_patiently(to, role); !sent) return sent;
  }
  for (const messages::AddressWanted& address : plan.addresses) {
    if (auto sent = send_patiently(to, address); !sent) return sent;
  }
  for (const messages::LogWanted& log : plan.logs) {
    if (auto sent = send_patiently(to, log); !sent) return sent;
  }
  const auto text = system::format_config(snapshot);
  if (!text) return text.error();
  const auto file = messages::memory_file(*text);
  if (!file) return file.error();
  return send_patiently(to, messages::Finished{messages::Outcome::done, fitted(findings)},
                        std::array{file->get()});
}

// It reads files of whoever owns them, tries keys in tokens, and changes nothing.
system::Confinement reader_confinement() {
  system::Confinement confinement =
      system::default_confinement(system::ConfinedRole::config_reader, "");
  confinement.kept_capabilities = {CAP_DAC_READ_SEARCH};
  system::allow_modules(confinement);
  confinement.paths.reset();
  return confinement;
}

// What is wrong with `certs` is among the findings already.
certs::CertsConfig certs_of(const std::string& path, base::yaml::Loader& loader) {
  base::Diagnostics ignored;
  return certs::load_certs(path, loader, ignored);
}

// The files of the configuration at `path`, as they are kept.
Result<base::yaml::FileBundle> kept_files(const std::string& path, const std::string& last_good) {
  const auto bytes = base::read_file(last_good, system::kConfigBytesMax);
  if (!bytes) return bytes.error();
  auto kept = system::parse_config(std::as_bytes(std::span(*bytes)));
  if (!kept) return base::wrap(kept.error(), last_good);
  if (kept->files.path != path)
    return base::fail(base::Errc::invalid, "{} is of {}, not of {}", last_good, kept->files.path,
                      path);
  return std::move(kept->files);
}

// Reads whatever the loader has, and says how it went.
Result<> read_from(base::yaml::Loader& files, const std::string& path,
                   messages::SeqSocket& supervisor) {
  system::ConfigSnapshot snapshot;
  snapshot.files.path = path;
  base::yaml::RecordingLoader loader(files, snapshot.files);
  base::Diagnostics diagnostics;
  const gateway::ParsedConfig parsed = read_whole(path, loader, diagnostics);
  snapshot.grants = system::gateway_grants(parsed.config);
  std::ranges::move(system::certs_grants(parsed.config, certs_of(path, loader)),
                    std::back_inserter(snapshot.grants));
  std::ranges::move(system::firewall_grants(parsed.config), std::back_inserter(snapshot.grants));
  std::ranges::move(system::keys_grants(system::list_keys(parsed.config)),
                    std::back_inserter(snapshot.grants));
  const std::string findings = findings_text(diagnostics);
  if (diagnostics.has_errors())
    return send_patiently(
        supervisor,
        messages::Finished{messages::Outcome::refused, fitted(findings + count_text(diagnostics))});
  return hand_over(supervisor, parsed.config, snapshot, findings);
}

}  // namespace

ExitCode read_role(const std::string& path, const std::string& last_good) {
  prepare_process();
  messages::SeqSocket supervisor{base::OwnedFd(system::kRoleLinkFd)};
  if (const auto held = confine_role(reader_confinement(), messages::Need::where_possible); !held)
    return report(held.error());
  base::Result<> done;
  if (last_good.empty()) {
    base::yaml::DiskLoader disk;
    done = read_from(disk, path, supervisor);
  } else if (const auto kept = kept_files(path, last_good); kept) {
    base::yaml::BundleLoader bundle(*kept);
    done = read_from(bundle, path, supervisor);
  } else {
    done = send_patiently(supervisor, messages::Finished{messages::Outcome::refused,
                                                         fitted(kept.error().message + "\n")});
  }
  return done ? ExitCode::done : report(done.error());
}

}  // namespace ravelin::cli
