// Where the kernel sends packets: addresses of this host, and the interfaces towards others, from
// rtnetlink's tables. One thread.
#pragma once

#include "base/address.h"
#include "firewall/kernel/replies.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct RouteTo {
  base::IpPrefix to;
  std::uint32_t table = 0;
  bool is_local = false;                // addresses of this host
  std::vector<std::string> interfaces;  // several: multipath. None: blackhole and the like

  friend bool operator==(const RouteTo&, const RouteTo&) = default;
};

// A route with the numbers of its interfaces still to be named.
struct RouteMessage {
  RouteTo route;
  std::vector<std::uint32_t> interfaces;
};

// None: no route of an address of IPv4 or IPv6. Decodes bytes that may hold anything.
std::optional<RouteMessage> decode_route(const Reply& reply);

inline constexpr std::size_t kRoutesMax = 20'000;

// All routes of all tables; of more than kRoutesMax only those of this host, as the second.
struct Routes {
  std::vector<RouteTo> routes;
  bool is_complete = true;
};

Result<Routes> read_routes();

}  // namespace ravelin::firewall
