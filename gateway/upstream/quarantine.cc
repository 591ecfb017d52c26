#include "gateway/upstream/quarantine.h"

#include "gateway/config/words.h"

#include <algorithm>
#include <map>

namespace ravelin::gateway {

bool is_quarantined(const PoolConfig& pool, std::string_view state) {
  return std::ranges::any_of(pool.quarantine, [state](QuarantineState each) {
    return word_of(kQuarantineStates, each) == state;
  });
}

std::vector<base::IpEndpoint> quarantined(std::span<const ServerStanding> servers) {
  std::map<base::IpEndpoint, bool> is_cut_off;
  for (const ServerStanding& server : servers) {
    for (const SocketAddress& address : *server.addresses) {
      if (address.family() == AF_UNIX) continue;
      const auto [place, is_first] =
          is_cut_off.emplace(to_endpoint(address), server.is_quarantined);
      if (!is_first) place->second = place->second && server.is_quarantined;
    }
  }
  std::vector<base::IpEndpoint> all;
  for (const auto& [endpoint, is_cut] : is_cut_off) {
    if (is_cut && !base::is_loopback(endpoint.address)) all.push_back(endpoint);
  }
  return all;
}

}  // namespace ravelin::gateway
