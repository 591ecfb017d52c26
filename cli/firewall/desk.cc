#include "cli/firewall/desk.h"

#include "cli/report.h"
#include "firewall/control/feed_table.h"
#include "firewall/kernel/netlink_kernel.h"

namespace ravelin::cli {

base::Result<firewall::Answer> answer_question(const FirewallFlags& flags,
                                               const std::string& question) {
  auto times = firewall::SystemTimes::open();
  if (!times) return times.error();
  auto state = firewall::StateDir::open(flags.state);
  if (!state) return state.error();
  auto kernel = firewall::NetlinkKernel::open();
  if (!kernel) return kernel.error();
  firewall::FeedTable feeds(*times);
  firewall::Keeper keeper(**kernel, *state, *times, feeds);
  const auto found = keeper.recover();
  if (!found) return found.error();
  for (const std::string& line : *found)
    print_error(line + "\n");
  return firewall::Service(keeper, **kernel, *times).answer(question);
}

}  // namespace ravelin::cli
