// The process of the firewall's agent, where `ravelin run` has one.
#include "base/io/log.h"
#include "cli/firewall/watch.h"
#include "cli/gateway_process.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/confine_role.h"
#include "cli/roles/roles.h"
#include "firewall/control/addition.h"
#include "messages/fitted_text.h"
#include "system/confine/defaults.h"
#include "system/derive/host_policy.h"
#include "system/supervise/config_file.h"
#include "system/supervise/role_link.h"

#include <sys/prctl.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ravelin::cli {
namespace {

using system::RoleLink;

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

// A configuration, as far as rules follow from it.
struct Source {
  gateway::Config config;
  certs::CertsConfig certs;
};

// The rules that follow from one configuration, or from two, for the policy they become part of.
firewall::Addition derived_rules(std::span<const Source> sources, const policies::Policy& policy) {
  const system::DeriveOptions options = system::options_for(policy);
  std::optional<system::DerivedRules> rules;
  for (const Source& source : sources) {
    system::DerivedRules next = system::derive(source.config, source.certs, options);
    rules = rules ? system::merged(std::move(*rules), next) : std::move(next);
  }
  if (!rules) return {};
  firewall::Addition addition{system::included_policy(*rules, sources.back().config.path)};
  for (const auto* list : {&rules->to_host, &rules->from_host})
    for (const system::DerivedRule& rule : *list)
      addition.ids.push_back(rule.id);
  return addition;
}

// What the supervisor wants of the agent while it runs.
class Orders {
 public:
  explicit Orders(RoleLink& link) : link_(link) {}

  // What cannot be had now is said; the table stays as it is, and the next policy has it.
  static bool begin(firewall::Agent& agent, std::span<const system::ConfigSnapshot> snapshots) {
    auto addition = addition_of(snapshots);
    const auto done =
        addition ? agent.begin_with(std::move(*addition)) : base::Result<>(addition.error());
    if (!done)
      base::log_error("firewall", "what the gateway needs is not in force",
                      {{"reason", done.error().message}});
    return done.has_value();
  }

  void serve(firewall::Agent& agent) {
    auto received = link_.socket().receive(std::chrono::milliseconds(0));
    if (!received) return agent.end_orders();  // it has ended, and so shall we
    if (!*received) return;
    if (!std::holds_alternative<messages::RulesWanted>((*received)->packet.message)) return;
    std::vector<system::ConfigSnapshot> snapshots;
    base::Result<> done;
    for (const base::OwnedFd& file : (*received)->descriptors) {
      auto snapshot = system::read_config_file(file.get());
      if (snapshot)
        snapshots.push_back(std::move(*snapshot));
      else
        done = snapshot.error();
    }
    if (done) done = use(agent, snapshots);
    messages::Finished answer;
    if (!done)
      answer = {messages::Outcome::refused,
                messages::fitted(done.error().message, messages::kPieceBytes)};
    static_cast<void>(
        link_.socket().send({.id = (*received)->packet.id, .message = std::move(answer)}));
  }

 private:
  static base::Result<> use(firewall::Agent& agent,
                            std::span<const system::ConfigSnapshot> snapshots) {
    auto addition = addition_of(snapshots);
    if (!addition) return addition.error();
    return agent.use(std::move(*addition));
  }

  static base::Result<firewall::AdditionFor> addition_of(
      std::span<const system::ConfigSnapshot> snapshots) {
    std::vector<Source> sources;
    for (const system::ConfigSnapshot& snapshot : snapshots) {
      auto config = config_of(snapshot);
      if (!config) return config.error();
      sources.push_back({std::move(*config), certs_of(snapshot)});
    }
    return firewall::AdditionFor([sources = std::move(sources)](const policies::Policy& policy) {
      return derived_rules(sources, policy);
    });
  }

  RoleLink& link_;
};

}  // namespace

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
  Orders orders(link);
  std::vector<system::ConfigSnapshot> snapshots{started->config};
  if (started->next) snapshots.push_back(*started->next);
  const auto tell = [&link, &held](messages::Condition condition) {
    link.tell(messages::Role::firewall, condition, *held);
  };
  bool is_whole = true;
  const ExitCode code = watch_firewall(
      flags,
      [&tell, &is_whole] {
        tell(messages::Condition::ready);
        if (!is_whole) tell(messages::Condition::degraded);
      },
      {.fd = link.socket().fd(),
       .begin = [&snapshots,
                 &is_whole](firewall::Agent& agent) { is_whole = Orders::begin(agent, snapshots); },
       .serve = [&orders](firewall::Agent& agent) { orders.serve(agent); },
       .addition_settled = [&tell] { tell(messages::Condition::ready); }});
  base::stop_log();
  return code;
}

}  // namespace ravelin::cli
