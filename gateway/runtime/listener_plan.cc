#include "gateway/runtime/listener_plan.h"

#include <set>

namespace ravelin::gateway {

std::string address_key(const ListenerConfig& listener, std::size_t bind_index) {
  const base::Endpoint& endpoint = listener.bind[bind_index];
  std::string key = base::to_string(endpoint);
  const auto* ip = std::get_if<base::IpEndpoint>(&endpoint);
  if (ip != nullptr && ip->port == 0) key += fmt::format(" {} of {}", bind_index, listener.name);
  return key;
}

std::string passed_key(const std::string& name) {
  return "systemd:" + name;
}

ListenerPlan plan_listeners(const HeldAddresses& now, const std::vector<ListenerConfig>& next) {
  ListenerPlan plan;
  std::set<std::string> wanted;
  const auto place = [&](ListenerPlan::Address address) {
    wanted.insert(address.key);
    const auto held = now.find(address.key);
    if (held == now.end()) {
      plan.bound.push_back(std::move(address));
    } else if (held->second != address.listener) {
      plan.moved.push_back(std::move(address));
    }
  };
  for (const ListenerConfig& listener : next) {
    for (std::size_t i = 0; i < listener.bind.size(); ++i)
      place({address_key(listener, i), listener.name, listener.bind[i], {}});
    for (const std::string& name : listener.passed_sockets)
      place({passed_key(name), listener.name, {}, name});
  }
  for (const auto& [key, listener] : now) {
    if (!wanted.contains(key)) plan.closed.push_back(key);
  }
  return plan;
}

}  // namespace ravelin::gateway
