#include "firewall/control/system_facts.h"

#include "firewall/control/tcp_offer.h"
#include "policies/model/meaning.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

namespace ravelin::firewall {
namespace {

using base::Family;
using base::IpAddress;

std::optional<IpAddress> address_of(const sockaddr* address) {
  IpAddress found;
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    std::memcpy(found.bytes.data(), &v4->sin_addr, 4);
    return found;
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  found.family = Family::ipv6;
  std::memcpy(found.bytes.data(), &v6->sin6_addr, found.bytes.size());
  return found;
}

int length_of(const sockaddr* netmask) {
  const auto mask = address_of(netmask);
  int length = 0;
  while (mask && length < 128 &&
         (mask->bytes.at(static_cast<std::size_t>(length) / 8) >> (7 - length % 8) & 1) != 0)
    ++length;
  return length;
}

bool is_link_local(const IpAddress& address) {
  return address.family == Family::ipv6 && address.bytes[0] == 0xfe &&
         (address.bytes[1] & 0xc0) == 0x80;
}

void find_interfaces(const policies::ParsedPolicy& policy, policies::Facts& facts) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    const auto address = address_of(at->ifa_addr);
    const auto zone = policies::zone_of(policy.policy, at->ifa_name);
    if (!address || !zone || is_link_local(*address)) continue;
    const std::string name(policies::name_of(policy.policy, *zone));
    if (policy.wanted.own_zones.contains(name)) facts.own[name].push_back(*address);
    const int length = length_of(at->ifa_netmask);
    constexpr int kSite = 64;
    if (policy.wanted.delegated_zones.contains(name) && address->family == Family::ipv6 &&
        length < kSite)
      facts.delegated[name].push_back({base::mask(*address, length), length});
  }
}

void find_users(const policies::WantedFacts& wanted, policies::Facts& facts) {
  for (const std::string& name : wanted.users) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> buffer{};
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr)
      facts.users[name] = found->pw_uid;
  }
}

std::vector<IpAddress> resolve(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<IpAddress> found;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    if (const auto address = address_of(at->ai_addr)) found.push_back(*address);
  }
  std::sort(found.begin(),
            found.end());  // answers come in any order; a policy must not change with it
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace

policies::Facts SystemFacts::find(const policies::ParsedPolicy& policy) {
  policies::Facts facts;
  find_interfaces(policy, facts);
  find_users(policy.wanted, facts);
  if (policy.wanted.tcp_offer)
    facts.tcp_offer = offer_of(read_tcp_settings().value_or(TcpSettings{}));
  const auto until = std::chrono::steady_clock::now() + patience_;
  for (const std::string& name : policy.wanted.names) {
    // The resolver has a time-out of its own for each name; together they end here.
    if (std::chrono::steady_clock::now() >= until) break;
    if (auto found = resolve(name); !found.empty()) facts.names[name] = std::move(found);
  }
  return facts;
}

policies::AddressRanges own_addresses() {
  policies::AddressRanges found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    const auto address = address_of(at->ifa_addr);
    if (address && (at->ifa_flags & IFF_LOOPBACK) == 0) found.push_back({*address, *address});
  }
  return policies::normalised(std::move(found));
}

}  // namespace ravelin::firewall
