#include "cli/firewall/desk.h"

#include "cli/report.h"
#include "firewall/control/feed_table.h"
#include "firewall/kernel/netlink_kernel.h"

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

}  // namespace

base::Result<firewall::Answer> answer_question(const FirewallFlags& flags,
                                               const boost::json::object& question) {
  const bool to_read = firewall::only_looks(question.at("command").as_string());
  auto times = firewall::SystemTimes::open();
  if (!times) return times.error();
  auto state = open_state(flags.state, to_read);
  if (!state) return state.error();
  auto kernel = firewall::NetlinkKernel::open();
  if (!kernel) return kernel.error();
  firewall::FeedTable feeds(*times);
  firewall::Keeper keeper(**kernel, *state, *times, feeds);
  if (auto ready = prepare(keeper, to_read); !ready) return ready.error();
  auto flows = firewall::NetlinkConntrack::open();
  if (!flows) return flows.error();
  const firewall::Surroundings around{&*flows, firewall::read_routes, read_foreign_tables};
  return firewall::Service(keeper, **kernel, *times, around)
      .answer(boost::json::serialize(question));
}

}  // namespace ravelin::cli
