#include "cli/firewall/desk.h"

#include "cli/firewall/detached_agent.h"
#include "cli/report.h"
#include "firewall/agent/client.h"
#include "firewall/control/feed_table.h"
#include "firewall/control/system_facts.h"
#include "firewall/kernel/netlink_kernel.h"
#include "firewall/kernel/socket_ends.h"

namespace ravelin::cli {

namespace {

base::Result<firewall::StateDir> open_state(const std::string& path, bool to_read) {
  if (!to_read) return firewall::StateDir::open(path);
  auto state = firewall::StateDir::open_to_read(path);
  // Never used yet: made, so that there is something to read.
  if (!state && state.error().code == base::Errc::not_found) return firewall::StateDir::open(path);
  return state;
}

base::Result<firewall::ForeignRuleset> read_foreign_tables() {
  auto socket = firewall::NetlinkSocket::open();
  if (!socket) return socket.error();
  firewall::Channel channel(std::move(*socket));
  return firewall::read_foreign(channel);
}

// Brings the keeper to where it can answer.
base::Result<> prepare(firewall::Keeper& keeper, bool to_read) {
  if (to_read) return keeper.look();
  const auto found = keeper.recover();
  if (!found) return found.error();
  for (const std::string& line : *found)
    print_error(line + "\n");
  return {};
}

// In this process, which owns the state directory for as long.
base::Result<firewall::Answer> answer_here(const FirewallFlags& flags,
                                           const boost::json::object& question, bool to_read) {
  auto times = firewall::SystemTimes::open();
  if (!times) return times.error();
  auto state = open_state(flags.state, to_read);
  if (!state) return state.error();
  auto kernel = firewall::NetlinkKernel::open();
  if (!kernel) return kernel.error();
  firewall::FeedTable feeds(*times, *state);
  firewall::Keeper keeper(**kernel, *state, *times, feeds);
  keeper.never_ban(firewall::own_addresses());
  if (auto ready = prepare(keeper, to_read); !ready) return ready.error();
  auto flows = firewall::NetlinkConntrack::open();
  if (!flows) return flows.error();
  return firewall::Service(keeper, **kernel, *times, surroundings_with(*flows))
      .answer(boost::json::serialize(question));
}

}  // namespace

firewall::Surroundings surroundings_with(firewall::ConntrackTable& flows) {
  return {&flows, firewall::read_routes, read_foreign_tables, firewall::end_sockets};
}

base::Result<firewall::Answer> answer_question(const FirewallFlags& flags,
                                               const boost::json::object& question) {
  constexpr std::chrono::seconds kPatience{120};  // a feed of millions takes its time
  const std::string command(question.at("command").as_string());
  const std::string text = boost::json::serialize(question);
  auto answer = firewall::ask_agent(flags.socket, command, text, kPatience);
  if (answer || answer.error().code != base::Errc::not_found) return answer;
  if (!question.contains("confirm_within"))
    return answer_here(flags, question, firewall::only_looks(command));
  // Someone has to be there when the time is up.
  if (auto started = start_agent_until_confirmed(flags); !started) return started.error();
  return firewall::ask_agent(flags.socket, command, text, kPatience);
}

}  // namespace ravelin::cli
