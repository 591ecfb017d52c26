#include "firewall/control/banned_flows.h"

#include <algorithm>
#include <array>

namespace ravelin::firewall {

bool touches(const Flow& flow, const std::vector<base::IpPrefix>& banned) {
  const std::array<base::IpAddress, 2> ends{flow.original.source, flow.original.destination};
  return std::ranges::any_of(banned, [&](const base::IpPrefix& range) {
    return std::ranges::any_of(ends, [&](const base::IpAddress& end) {
      return end.family == range.address.family && range.contains(end);
    });
  });
}

Result<std::uint64_t> end_flows_of(ConntrackTable& flows,
                                   const std::vector<base::IpPrefix>& banned) {
  constexpr std::size_t kFlowsMax = 50'000;
  std::vector<Flow> found;
  const auto take = [&](const Flow& flow) {
    if (found.size() < kFlowsMax && touches(flow, banned)) found.push_back(flow);
  };
  if (auto read = flows.each(take); !read) return read.error();
  std::uint64_t ended = 0;
  for (const Flow& flow : found) {
    const auto removed = flows.remove(flow);
    if (!removed) return removed.error();
    ended += *removed ? 1 : 0;
  }
  return ended;
}

}  // namespace ravelin::firewall
