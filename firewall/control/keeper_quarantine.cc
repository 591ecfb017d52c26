// What the keeper puts into the sets of servers that are cut off.
#include "firewall/compile/key_bytes.h"
#include "firewall/control/keeper.h"
#include "firewall/control/standing_set.h"

#include <algorithm>
#include <array>
#include <set>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::Family;
using base::IpEndpoint;
using std::chrono::milliseconds;

std::string_view set_of(const IpEndpoint& server) {
  return server.address.family == Family::ipv4 ? set_names::kQuarantine4 : set_names::kQuarantine6;
}

Element element_of(const IpEndpoint& server) {
  KeyWriter key(2);
  key.add(address_bytes(server.address));
  key.add(port_bytes(server.port));
  return {.key = std::move(key).take()};
}

Element element_of(const IpEndpoint& server, milliseconds left) {
  Element element = element_of(server);
  element.timeout = std::max<milliseconds>(left, std::chrono::seconds(1));
  return element;
}

}  // namespace

// Elements that stay are made anew when half of their time is over, not each time they are named.
Result<> Keeper::quarantine(const std::vector<IpEndpoint>& servers, std::chrono::seconds duration) {
  const bool has_sets = live_ && standing(*live_, set_names::kQuarantine4) != nullptr;
  if (!has_sets) quarantined_.clear();
  if (!has_sets && servers.empty()) return {};
  if (!has_sets)
    return base::fail(Errc::not_found,
                      "the policy has no \"quarantine\": servers cannot be cut off");
  const std::chrono::nanoseconds now = times_.boot().since_boot;
  const std::set<IpEndpoint> wanted(servers.begin(), servers.end());
  SetChanges changes;
  std::map<IpEndpoint, std::chrono::nanoseconds> next;
  for (const auto& [server, until] : quarantined_) {
    if (wanted.contains(server) && until - now > duration / 2)
      next.emplace(server, until);
    else
      take_out(set_of(server), element_of(server), changes);
  }
  for (const IpEndpoint& server : wanted) {
    if (next.emplace(server, now + duration).second)
      put_in(set_of(server), element_of(server, duration), changes);
  }
  const Transaction steps = steps_of(std::move(changes));
  if (!steps.empty()) {
    if (auto done = kernel_.apply(steps, {}); !done)
      return base::wrap(done.error(), "servers are cut off as before");
  }
  quarantined_ = std::move(next);
  return {};
}

std::vector<std::pair<IpEndpoint, std::chrono::seconds>> Keeper::quarantined() const {
  std::vector<std::pair<IpEndpoint, std::chrono::seconds>> all;
  for (const auto& [server, until] : quarantined_) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(until - times_.boot().since_boot);
    if (left.count() > 0) all.emplace_back(server, left);
  }
  return all;
}

void Keeper::append_quarantined(const Ruleset& placed_now, Refill refill,
                                Transaction& steps) const {
  const std::chrono::nanoseconds now = times_.boot().since_boot;
  for (const std::string_view name : {set_names::kQuarantine4, set_names::kQuarantine6}) {
    const Set* set = standing(placed_now, name);
    if (set == nullptr || (refill == Refill::new_sets && !is_new(live_, *set))) continue;
    if (!is_new(live_, *set)) steps.emplace_back(FlushSet{set->name});
    std::vector<Element> elements;
    for (const auto& [server, until] : quarantined_) {
      if (set_of(server) == name && until > now)
        elements.push_back(element_of(server, std::chrono::ceil<milliseconds>(until - now)));
    }
    if (!elements.empty()) steps.emplace_back(AddElements{set->name, std::move(elements)});
  }
}

}  // namespace ravelin::firewall
