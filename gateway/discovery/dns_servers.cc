#include "gateway/discovery/dns_servers.h"

#include "base/check.h"

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::gateway {

using base::IpAddress;

namespace {

constexpr int kPriorityMax = 15;

void cut(DnsServerList& found, std::size_t servers_max) {
  if (found.servers.size() <= servers_max) return;
  found.left_out = found.servers.size() - servers_max;
  found.servers.resize(servers_max);
}

// Of the records of one priority.
struct Group {
  int rank = 0;
  std::uint32_t heaviest = 0;
};

std::map<std::uint16_t, Group> groups_of(std::span<const ServiceRecord> services) {
  std::map<std::uint16_t, Group> groups;
  for (const ServiceRecord& service : services) {
    Group& group = groups[service.priority];
    group.heaviest = std::max(group.heaviest, std::uint32_t{service.weight});
  }
  int rank = 0;
  for (auto& [priority, group] : groups)
    group.rank = rank++;
  return groups;
}

// Weights that fit are taken as they are. 0 means hardly any requests: 1, the least there is.
int scaled(std::uint32_t weight, std::uint32_t heaviest) {
  if (heaviest > kServerWeightMax) weight = (weight * kServerWeightMax + heaviest / 2) / heaviest;
  return static_cast<int>(std::max(weight, 1U));
}

}  // namespace

DnsServerList servers_of(std::span<const IpAddress> addresses, std::uint16_t port,
                         const std::string& asked, const ServerConfig& like,
                         std::size_t servers_max) {
  std::string verified_name = asked;
  if (verified_name.ends_with('.')) verified_name.pop_back();
  DnsServerList found;
  for (const IpAddress& address : std::set<IpAddress>(addresses.begin(), addresses.end())) {
    ServerConfig server = like;
    if (server.tls && server.tls->name.empty()) server.tls->name = verified_name;
    server.address = base::IpEndpoint{address, port};
    server.name = base::to_string(server.address);
    found.servers.push_back(std::move(server));
  }
  cut(found, servers_max);
  return found;
}

DnsServerList servers_of(std::span<const ServiceRecord> services, const ServerConfig& like,
                         std::size_t servers_max) {
  CHECK(!like.tls || !like.tls->name.empty());
  const std::map<std::uint16_t, Group> groups = groups_of(services);
  DnsServerList found;
  for (const ServiceRecord& service : services) {
    const Group& group = groups.at(service.priority);
    ServerConfig server = like;
    server.name = fmt::format("{}:{}", service.target, service.port);
    // The whole name: not to be searched for in the domains of resolv.conf.
    server.address = base::NameEndpoint{service.target + ".", service.port};
    server.priority = std::min(like.priority + group.rank, kPriorityMax);
    server.weight = scaled(service.weight, group.heaviest);
    found.servers.push_back(std::move(server));
  }
  std::ranges::sort(found.servers, [](const ServerConfig& a, const ServerConfig& b) {
    return std::tie(a.priority, a.name) < std::tie(b.priority, b.name);
  });
  cut(found, servers_max);
  return found;
}

}  // namespace ravelin::gateway
