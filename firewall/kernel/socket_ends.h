// TCP sockets of this network namespace, found by the flow they are an end of, and ended
// (linux/inet_diag.h, linux/sock_diag.h: SOCK_DESTROY): as if reset, on both sides. Conntrack alone
// does not end a flow: what this host has still to send begins it anew.
#pragma once

#include "firewall/kernel/flow.h"

#include <cstddef>
#include <span>

namespace ravelin::firewall {

// How many were ended: none for flows that pass through, or where the kernel cannot
// (CONFIG_INET_DIAG_DESTROY). A listening socket never is. Errors: no netlink, no CAP_NET_ADMIN.
Result<std::size_t> end_sockets(std::span<const Flow> flows);

}  // namespace ravelin::firewall
