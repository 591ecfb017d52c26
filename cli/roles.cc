// `ravelin role …`: the processes that `ravelin run` starts; for nobody else.
#include "base/io/log.h"
#include "base/io/yaml_bundle.h"
#include "certs/config/parse_certs.h"
#include "cli/commands.h"
#include "cli/confine_role.h"
#include "cli/firewall/watch.h"
#include "cli/flags.h"
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/served_parts.h"
#include "system/confine/defaults.h"
#include "system/supervise/grants.h"
#include "system/supervise/launch_plan.h"
#include "system/supervise/role_link.h"

#include <CLI/CLI.hpp>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

namespace ravelin::cli {
namespace {

using base::Result;
using system::RoleLink;

// ---- reading the configuration ----

// Waits while the supervisor has not taken what was sent before.
Result<> send_patiently(messages::SeqSocket& to, const messages::Message& message,
                        std::span<const int> descriptors = {}) {
  constexpr int kPatienceMs = 10'000;
  for (;;) {
    auto sent = to.send({.message = message}, descriptors);
    if (sent || errno != EAGAIN) return sent;
    pollfd waiting{to.fd(), POLLOUT, 0};
    if (::poll(&waiting, 1, kPatienceMs) <= 0) return sent;
  }
}

// What an answer holds at most; the rest of the findings is counted in its last line anyway.
std::string shortened(std::string text) {
  if (text.size() > messages::kPieceBytes.count) text.resize(messages::kPieceBytes.count);
  return text;
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
  return send_patiently(to, messages::Finished{messages::Outcome::done, shortened(findings)},
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

ExitCode read_role(const std::string& path) {
  prepare_process();
  messages::SeqSocket supervisor{base::OwnedFd(system::kRoleLinkFd)};
  if (const auto held = confine_role(reader_confinement(), messages::Need::where_possible); !held)
    return report(held.error());
  base::yaml::DiskLoader disk;
  system::ConfigSnapshot snapshot;
  snapshot.files.path = path;
  base::yaml::RecordingLoader loader(disk, snapshot.files);
  base::Diagnostics diagnostics;
  const gateway::ParsedConfig parsed = read_whole(path, loader, diagnostics);
  snapshot.grants = system::gateway_grants(parsed.config, certs_of(path, loader));
  const std::string findings = findings_text(diagnostics);
  const auto done =
      diagnostics.has_errors()
          ? send_patiently(supervisor,
                           messages::Finished{messages::Outcome::refused,
                                              shortened(findings + count_text(diagnostics))})
          : hand_over(supervisor, parsed.config, snapshot, findings);
  return done ? ExitCode::done : report(done.error());
}

// ---- the gateway ----

// What the reader has checked as a whole; what it names may have changed since.
Result<gateway::Config> config_of(const system::ConfigSnapshot& snapshot) {
  base::yaml::BundleLoader loader(snapshot.files);
  base::Diagnostics diagnostics;
  gateway::ParsedConfig parsed = gateway::load_config(snapshot.files.path, loader, diagnostics);
  if (!diagnostics.has_errors()) return std::move(parsed.config);
  return base::fail(base::Errc::invalid, "{}{}", findings_text(diagnostics),
                    count_text(diagnostics));
}

messages::Condition condition_of(base::ServiceState state) {
  switch (state) {
    case base::ServiceState::reloading:
      return messages::Condition::reloading;
    case base::ServiceState::stopping:
      return messages::Condition::draining;
    case base::ServiceState::ready:
    case base::ServiceState::alive:
      break;
  }
  return messages::Condition::ready;
}

class Keeper final : public gateway::ProcessKeeper {
 public:
  explicit Keeper(RoleLink& link) : link_(link) {}

  gateway::ProcessesStatus processes() override {
    gateway::ProcessesStatus status;
    const auto found = link_.processes();
    if (!found) return status;
    for (const messages::ProcessState& state : found->states)
      status.all.push_back({std::string(messages::word_of(state.role)), state.pid, state.up.count(),
                            state.starts, std::string(messages::word_of(state.condition)),
                            state.confinement, state.last_end});
    if (const auto& upgrade = found->last_upgrade; upgrade)
      status.last_upgrade = {std::string(messages::word_of(upgrade->condition)),
                             upgrade->ago.count(), upgrade->text};
    return status;
  }

  Result<> upgrade() override { return link_.ask_for_upgrade(); }

 private:
  RoleLink& link_;
};

Surroundings surroundings_of(RoleLink& link, Keeper& keeper,
                             std::chrono::milliseconds alive_every) {
  Surroundings around{
      .sockets = &link,
      .keeper = &keeper,
      .log_opener = [&link](const std::string& path) { return link.open_log(path); },
      .state_changed =
          [&link](base::ServiceState state) {
            link.tell(messages::Role::gateway, condition_of(state), "");
          },
      .reload_ended = [&link](bool is_done) { link.tell_reload_ended(is_done); },
      .ends_with = link.fd(),
      .is_alone = [&link] { return link.is_alone(); }};
  if (alive_every.count() > 0) around.alive_every = alive_every;
  return around;
}

ExitCode gateway_role() {
  prepare_process();
  auto started = RoleLink::take();
  if (!started) return report(started.error());
  const auto held = confine_role(confinement_of(system::ConfinedRole::gateway, *started),
                                 started->start.confinement);
  if (!held) return report(held.error());
  RoleLink& link = *started->link;
  const auto config = config_of(started->config);
  if (!config) return report(config.error());
  ServedParts parts;
  if (const auto done = parts.open(*config, started->config.files.path); !done)
    return report(done.error());
  Keeper keeper(link);
  return run_gateway(
      *config,
      [&link]() -> Result<gateway::Config> {
        const auto next = link.ask_for_reload();
        if (!next) return next.error();
        return config_of(*next);
      },
      surroundings_of(link, keeper, std::chrono::milliseconds(started->start.alive_every_ms),
                      *held),
      parts.hooks());
}

// ---- the firewall ----

// A policy includes files and feeds from anywhere; it writes in two folders.
system::Confinement firewall_confinement(const gateway::FirewallConfig& firewall) {
  using system::PathAccess;
  system::Confinement confinement = system::default_confinement(system::ConfinedRole::firewall, "");
  system::allow_names(confinement);
  const auto add = [&confinement](std::string path, PathAccess::Access access) {
    confinement.paths->push_back({std::move(path), access, PathAccess::Presence::if_there});
  };
  add("/", PathAccess::Access::read);
  add(firewall.state, PathAccess::Access::read_write);
  add(std::filesystem::path(firewall.socket).parent_path(), PathAccess::Access::read_write);
  return confinement;
}

ExitCode firewall_role() {
  prepare_process();
  auto started = RoleLink::take();
  if (!started) return report(started.error());
  RoleLink& link = *started->link;
  const auto config = config_of(started->config);
  if (!config) return report(config.error());
  if (!config->firewall) return ExitCode::refused;
  const auto held =
      confine_role(firewall_confinement(*config->firewall), started->start.confinement);
  if (!held) return report(held.error());
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // ends with the supervisor; the table stays
  if (link.is_alone()) return ExitCode::could_not;
  if (const auto done = start_configured_log(config->log); !done) return report(done.error());
  const gateway::FirewallConfig& firewall = *config->firewall;
  WatchFlags flags;
  flags.policy = firewall.policy;
  flags.common.state = firewall.state;
  flags.common.socket = firewall.socket;
  if (!config->user.empty()) flags.gateway_user = config->user;
  const ExitCode code = watch_firewall(
      flags, [&link] { link.tell(messages::Role::firewall, messages::Condition::ready, ""); });
  base::stop_log();
  return code;
}

}  // namespace

void add_role(CLI::App& app, Action& chosen) {
  CLI::App* group = app.add_subcommand("role", "a process of `ravelin run`, which starts it");
  group->group("");  // in no help
  group->require_subcommand(1);
  auto path = std::make_shared<std::string>();
  CLI::App* reader = group->add_subcommand("read", "reads and checks the configuration");
  add_config_flag(*reader, *path);
  reader->callback([&chosen, path] { chosen = [path] { return read_role(*path); }; });
  CLI::App* gateway = group->add_subcommand("gateway", "serves");
  gateway->callback([&chosen] { chosen = gateway_role; });
  CLI::App* firewall = group->add_subcommand("firewall", "owns the table");
  firewall->callback([&chosen] { chosen = firewall_role; });
}

}  // namespace ravelin::cli
