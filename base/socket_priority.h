// How the kernel tells a connection that is let through to a server that is cut off: SO_PRIORITY of
// the socket (socket(7); 0 to 6 need no privilege), `meta priority` to nftables.
#pragma once

#include <cstdint>

namespace ravelin::base {

inline constexpr std::uint32_t kLetThroughPriority = 6;

}  // namespace ravelin::base
