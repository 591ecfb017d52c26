// Flows of banned addresses: ended in conntrack, so that what still flows towards them ends too.
// What comes from them is dropped anyway, before conntrack. Blocks on the kernel; one thread.
#pragma once

#include "firewall/kernel/conntrack.h"

#include <cstdint>
#include <vector>

namespace ravelin::firewall {

// Whether either end of the flow lies in one of the ranges.
bool touches(const Flow& flow, const std::vector<base::IpPrefix>& banned);

// How many were ended. Reads all flows once and ends at most 50,000; others end by themselves.
Result<std::uint64_t> end_flows_of(ConntrackTable& flows,
                                   const std::vector<base::IpPrefix>& banned);

}  // namespace ravelin::firewall
