// `ravelin firewall watch`: the agent that owns the table.
#include "cli/firewall/watch.h"

#include "base/io/log.h"
#include "base/io/systemd.h"
#include "cli/firewall/desk.h"
#include "cli/report.h"
#include "firewall/agent/agent.h"
#include "firewall/control/last_resort.h"
#include "firewall/control/system_facts.h"
#include "firewall/kernel/netlink_kernel.h"

#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace ravelin::cli {
namespace {

// The lock goes a moment after the process that had it, and a command without an agent has it for
// as long as it works: neither is to keep an agent from starting.
base::Result<firewall::StateDir> open_after_its_holder(const std::string& path) {
  constexpr int kTries = 100;
  constexpr int kPauseMs = 50;
  for (int i = 0;; ++i) {
    auto state = firewall::StateDir::open(path);
    if (state || state.error().code != base::Errc::conflict || i == kTries) return state;
    ::poll(nullptr, 0, kPauseMs);
  }
}

// Runs in the guard's process, once the agent is gone: whatever was unconfirmed has had its time.
base::Result<> undo_unconfirmed(const std::string& path) {
  auto times = firewall::SystemTimes::open();
  if (!times) return times.error();
  auto state = open_after_its_holder(path);
  if (!state) return state.error();
  auto kernel = firewall::NetlinkKernel::open();
  if (!kernel) return kernel.error();
  firewall::FeedTable feeds(*times, *state);
  firewall::Keeper keeper(**kernel, *state, *times, feeds);
  keeper.never_ban(firewall::own_addresses());
  const auto done = keeper.undo_unconfirmed();
  if (!done) return done.error();
  for (const std::string& line : *done)
    print_error("ravelin: guard: the agent is gone; " + line + "\n");
  return {};
}

firewall::AgentOptions options_of(const WatchFlags& flags) {
  firewall::AgentOptions options{.socket = flags.common.socket,
                                 .metrics_file = flags.metrics_file,
                                 .until_confirmed = flags.until_confirmed};
  if (!flags.policy.empty()) options.policy = flags.policy;
  options.access.own = ::geteuid();
  if (const passwd* user = ::getpwnam(flags.gateway_user.c_str()); user != nullptr) {
    options.access.gateway = user->pw_uid;
    constexpr mode_t kForAll = 0666;  // who asks is told apart by credentials
    options.socket_mode = kForAll;
  }
  options.undo = [state = flags.common.state] {
    if (const auto done = undo_unconfirmed(state); !done)
      print_error("ravelin: guard: " + base::to_string(done.error()) + "\n");
  };
  return options;
}

// The network comes up whether we run or not: it must not find the host open.
ExitCode without_state(const WatchFlags& flags, const base::Error& why) {
  // Whoever has the directory has the table, and who only waits for a word changes nothing.
  if (why.code == base::Errc::conflict || flags.until_confirmed) return report(why);
  auto kernel = firewall::NetlinkKernel::open();
  const auto put =
      kernel ? firewall::put_last_resort(**kernel) : base::Result<bool>(kernel.error());
  if (!put)
    base::log_error("firewall", "nobody but management cannot be let in either",
                    {{"reason", put.error().message}});
  else
    base::log_error("firewall",
                    *put ? "the state directory cannot be used: nobody but management gets in (ssh)"
                         : "the state directory cannot be used: the table stays as it is");
  return report(why);
}

// The table is in the kernel: the network may come up.
void tell_service_manager() {
  const auto service = base::parse_service_environment(::getenv, ::getpid());
  if (service && !service->notify_socket.empty())
    base::ServiceNotifier(service->notify_socket).tell(base::ServiceState::ready);
}

}  // namespace

ExitCode watch_firewall(const WatchFlags& flags, const std::function<void()>& ready,
                        const WatchOrders& orders) {
  auto times = firewall::SystemTimes::open();
  if (!times) return report(times.error());
  auto state = open_after_its_holder(flags.common.state);
  if (!state) return without_state(flags, state.error());
  auto kernel = firewall::NetlinkKernel::open();
  if (!kernel) return report(kernel.error());
  firewall::FeedTable feeds(*times, *state);
  firewall::Keeper keeper(**kernel, *state, *times, feeds);
  keeper.never_ban(firewall::own_addresses());
  const auto found = keeper.recover();
  if (!found) return report(found.error());
  for (const std::string& line : *found)
    base::log_warn("firewall", line);
  for (const std::string& missing : (*kernel)->features().missing)
    base::log_warn("firewall", "this kernel lacks something policies may need",
                   {{"what", missing}});
  auto flows = firewall::NetlinkConntrack::open();
  if (!flows) return report(flows.error());
  firewall::AgentOptions options = options_of(flags);
  options.around = surroundings_with(*flows);
  options.orders = orders.fd;
  options.serve_orders = orders.serve;
  options.addition_settled = orders.addition_settled;
  firewall::Agent agent(keeper, **kernel, feeds, *times, std::move(options));
  if (orders.begin) orders.begin(agent);
  ready();
  const auto done = agent.run();
  if (!done) return report(done.error());
  if (keeper.live_revision() != 0)
    base::log_warn("firewall",
                   "the table stays and is now unguarded: nobody heals drift, follows feeds or "
                   "takes bans until an agent runs (ravelin firewall watch)");
  return ExitCode::done;
}

void add_firewall_watch(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<WatchFlags>();
  CLI::App* command =
      group.add_subcommand("watch", "own the table: answer commands, heal drift, follow files");
  add_state_flags(*command, flags->common);
  command
      ->add_option("policy", flags->policy,
                   "followed: applied when it changes and passes all checks")
      ->type_name("POLICY");
  command
      ->add_option("--metrics-file", flags->metrics_file, "written every second, for node_exporter")
      ->type_name("FILE");
  command
      ->add_option("--gateway-user", flags->gateway_user,
                   "may ask for bans, and say how it and its servers are")
      ->type_name("USER")
      ->capture_default_str();
  command->add_flag("--until-confirmed", flags->until_confirmed,
                    "end once nothing waits to be confirmed");
  command->callback([&chosen, flags] {
    chosen = [flags] { return watch_firewall(*flags, tell_service_manager); };
  });
}

}  // namespace ravelin::cli
