#include "system/derive/host_policy.h"

#include "system/derive/policy_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace ravelin::system {
namespace {

using base::Errc;
using base::fail;

// The ports of a pool's servers on their hosts.
std::set<std::uint16_t> ports_of(const gateway::PoolConfig& pool) {
  std::set<std::uint16_t> ports;
  const auto add = [&ports](std::uint16_t port) {
    if (port != 0) ports.insert(port);
  };
  for (const gateway::ServerConfig& server : pool.servers) {
    if (const auto* ip = std::get_if<base::IpEndpoint>(&server.address)) add(ip->port);
    if (const auto* named = std::get_if<base::NameEndpoint>(&server.address)) add(named->port);
    add(server.agent_port);
  }
  if (pool.discover && pool.discover->dns) add(pool.discover->dns->port);
  if (pool.agent) add(pool.agent->port);
  return ports;
}

std::vector<std::string> services_of(const std::set<std::uint16_t>& ports) {
  std::vector<std::string> services;
  services.reserve(ports.size());
  for (const std::uint16_t port : ports)
    services.push_back(fmt::format("tcp/{}", port));
  return services;
}

std::string overload_line(const DerivedOverload& overload) {
  std::string line = fmt::format("overload: {{ ports: [{}], new: {}",
                                 fmt::join(overload.ports, ", "), overload.new_connections);
  if (!overload.except.empty()) line += ", except: " + yaml_list(overload.except);
  if (!overload.synproxy.empty())
    line +=
        fmt::format(", synproxy: [{}], mss: {}", fmt::join(overload.synproxy, ", "), overload.mss);
  return line + " }\n";
}

}  // namespace

std::string included_policy(const DerivedRules& rules, const std::string& path) {
  std::string text = fmt::format(
      "# What {} needs of this host's firewall, for its policy to include.\n"
      "# Made by `ravelin firewall derive`: make it anew when the configuration has changed.\n",
      path);
  if (rules.quarantine)
    text += rules.quarantine->empty()
                ? std::string("quarantine: {}\n")
                : fmt::format("quarantine: {{ user: {} }}\n", yaml_text(*rules.quarantine));
  if (rules.overload) text += overload_line(*rules.overload);
  if (rules.to_host.empty() && rules.from_host.empty()) return text + "rules: {}\n";
  text += "rules:\n";
  if (!rules.to_host.empty()) text += "  any -> host:\n" + rule_lines(rules.to_host);
  if (!rules.from_host.empty()) text += "  host -> any:\n" + rule_lines(rules.from_host);
  return text;
}

base::Result<std::string> backend_policy(const gateway::Config& config, const BackendPolicy& of) {
  const auto pool = std::ranges::find(config.pools, of.pool, &gateway::PoolConfig::name);
  if (pool == config.pools.end()) {
    std::vector<std::string> names;
    for (const gateway::PoolConfig& known : config.pools)
      names.push_back(known.name);
    return fail(Errc::not_found, "there is no pool \"{}\" (there are: {})", of.pool,
                fmt::join(names, ", "));
  }
  const std::set<std::uint16_t> ports = ports_of(*pool);
  if (ports.empty())
    return fail(Errc::invalid, "{}:{}: the ports of pool \"{}\" are not known here", pool->pos.file,
                pool->pos.line, of.pool);
  const std::vector<std::string> services = services_of(ports);
  const std::string list = yaml_list(services);
  std::string text = fmt::format(
      "# For the hosts that serve pool \"{0}\" of {1}: its gateways connect, and nobody else.\n"
      "# Made by `ravelin firewall export --for {0}`.\n"
      "policy: v1\n"
      "name: {2}\n"
      "zones:\n"
      "  net: {{ interfaces: [\"e*\"] }}  # the interfaces of this host\n"
      "addresses:\n"
      "  gateways: {3}\n",
      of.pool, config.path, yaml_text("backend-" + of.pool), yaml_list(of.gateways));
  if (!of.management.empty())
    text += fmt::format(
        "  operators: {}\n"
        "management: {{ service: ssh, from: operators }}\n",
        yaml_list(of.management));
  text += fmt::format(
      "rules:\n"
      "  net -> host:\n"
      "    - {{ allow: {}, from: gateways, id: from-gateways, note: {} }}\n",
      list, yaml_text(fmt::format("pool {}", of.pool)));
  if (!of.management.empty()) text += "    - { allow: ssh, from: operators, id: operators-ssh }\n";
  return text +
         fmt::format(
             "    - {{ allow: ping, limit: 20/s burst 40 }}\n"
             "    - {{ allow: [dhcp-client, dhcpv6-client] }}\n"
             "    - {{ deny: any, log: {{ prefix: backend-drop, rate: 1/s }} }}\n"
             "  host -> any:\n"
             "    - {{ allow: any, note: \"what this host sends is for its owner to say\" }}\n"
             "tests:\n"
             "  - {{ always: {{ in: net, from: gateways, to: host, service: {} }} }}\n",
             list);
}

}  // namespace ravelin::system
