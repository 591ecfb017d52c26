#include "firewall/simulate/table_state.h"

#include <algorithm>

namespace ravelin::firewall::simulate {

Connection connection_of(const policies::Packet& packet) {
  return {packet.source, packet.destination, packet.protocol, packet.source_port,
          packet.destination_port};
}

void end_connection(TableState& state, const Connection& connection) {
  for (auto& [place, connections] : state.counted)
    connections.erase(connection);
  for (auto& [set, elements] : state.live) {
    for (auto& [key, element] : elements)
      element.connections.erase(connection);
  }
  state.turned.erase(connection);
}

bool is_own(const TableState& state, const base::IpAddress& address) {
  static const base::IpPrefix loopback4 = *base::parse_prefix("127.0.0.0/8");
  static const base::IpPrefix loopback6 = *base::parse_prefix("::1");
  return loopback4.contains(address) || loopback6.contains(address) ||
         std::find(state.own.begin(), state.own.end(), address) != state.own.end();
}

std::optional<std::string> interface_towards(const TableState& state,
                                             const base::IpAddress& address) {
  const Route* best = nullptr;
  for (const Route& route : state.routes) {
    if (route.to.contains(address) && (best == nullptr || route.to.length > best->to.length))
      best = &route;
  }
  if (best == nullptr) return std::nullopt;
  return best->interface;
}

}  // namespace ravelin::firewall::simulate
