// `dns`: how names of servers are resolved. Values with their defaults.
#pragma once

#include "base/address.h"

#include <chrono>
#include <vector>

namespace ravelin::gateway {

struct DnsConfig {
  std::vector<base::IpEndpoint> servers;     // empty = those of /etc/resolv.conf
  std::chrono::milliseconds timeout{2'000};  // of a try; doubles each time all servers were tried
  int tries = 3;                             // of each server
  // A name is asked for again when its TTL is over; one outside of these counts as the nearer.
  std::chrono::milliseconds ttl_min{1'000};
  std::chrono::milliseconds ttl_max{300'000};
  std::chrono::milliseconds after_failure{5'000};  // doubles with each failure in a row, up to 8 *

  friend bool operator==(const DnsConfig&, const DnsConfig&) = default;
};

}  // namespace ravelin::gateway
