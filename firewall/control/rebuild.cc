#include "firewall/control/rebuild.h"

#include "firewall/diff/change.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

bool stays(const Ruleset& wanted, const std::string& name) {
  const Chain* chain = wanted.find_chain(name);
  return chain != nullptr && chain->hook.has_value();
}

}  // namespace

Transaction rebuild(const std::optional<LiveTable>& live, const Ruleset& wanted) {
  Transaction made = create(wanted);
  if (!live) return made;
  Transaction steps{PutTable{wanted.comment}};
  for (const std::string& chain : live->chains)
    steps.emplace_back(FlushChain{chain});
  // Elements of verdict maps refer to chains: maps go before the chains do.
  for (const std::string& set : live->sets)
    steps.emplace_back(RemoveSet{set});
  for (const std::string& chain : live->chains) {
    if (!stays(wanted, chain)) steps.emplace_back(RemoveChain{chain});
  }
  for (Step& step : made) {
    const bool is_there = std::holds_alternative<PutTable>(step) ||
                          (std::holds_alternative<PutChain>(step) &&
                           stays(wanted, std::get<PutChain>(step).chain.name) &&
                           std::ranges::find(live->chains, std::get<PutChain>(step).chain.name) !=
                               live->chains.end());
    if (!is_there) steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace ravelin::firewall
