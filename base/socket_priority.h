// How the kernel tells a connection that only looks how a server is from one that is for its sake:
// SO_PRIORITY of the socket (socket(7); 0 to 6 need no privilege), `meta priority` to nftables.
#pragma once

#include <cstdint>

namespace ravelin::base {

inline constexpr std::uint32_t kCheckPriority = 6;

}  // namespace ravelin::base
