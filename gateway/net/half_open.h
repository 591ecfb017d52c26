// TCP handshakes that this host has answered and the other side has not completed yet.
// Source: Documentation/networking/proc_net_tcp.rst of the kernel.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

namespace ravelin::gateway {

// The local ports of those among `lines`, whole lines of /proc/net/tcp or tcp6. Pure.
void add_half_open(std::string_view lines, std::set<std::uint16_t>& ports);

// Of this network namespace; none where /proc does not tell, or while the kernel answers with
// cookies. Reads a line for each connection there is: for rare occasions.
std::set<std::uint16_t> half_open_ports();

}  // namespace ravelin::gateway
