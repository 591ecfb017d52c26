#include "system/supervise/launch_plan.h"

#include "gateway/admin/admin_socket_file.h"
#include "gateway/runtime/listener_plan.h"
#include "system/keys/key_list.h"

namespace ravelin::system {

LaunchPlan plan_launch(const gateway::Config& config) {
  LaunchPlan plan;
  const messages::Need need = config.confinement == gateway::ConfinementNeed::required
                                  ? messages::Need::required
                                  : messages::Need::where_possible;
  // It stays who it is started as: the table is root's.
  if (config.firewall && config.firewall->manages)
    plan.roles.push_back({messages::Role::firewall, "", need, std::chrono::seconds(0)});
  const KeyList keys = list_keys(config);
  if (!keys.files.empty() || !keys.store.empty())
    plan.roles.push_back({messages::Role::keys, "", need, std::chrono::seconds(0)});
  if (!config.certs_store.empty())
    plan.roles.push_back({messages::Role::certs, config.user, need, std::chrono::seconds(0)});
  plan.roles.push_back({messages::Role::gateway, config.user, need, config.drain_timeout});
  for (const gateway::ListenerConfig& listener : config.listeners) {
    for (std::size_t i = 0; i < listener.bind.size(); ++i)
      plan.addresses.push_back({gateway::address_key(listener, i), listener.bind[i]});
  }
  if (!config.admin.socket.empty())
    plan.addresses.push_back({gateway::kAdminSocketKey, base::UnixEndpoint{config.admin.socket}});
  if (config.admin.listen)
    plan.addresses.push_back({gateway::kAdminListenKey, *config.admin.listen});
  if (!config.log.access.empty() && config.log.access != "-")
    plan.logs.push_back({config.log.access});
  return plan;
}

}  // namespace ravelin::system
