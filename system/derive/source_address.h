// The address this host would send from. Asks the kernel's routing table; sends nothing. Any
// thread.
#pragma once

#include "base/address.h"

namespace ravelin::system {

// Errors: no route, no socket.
base::Result<base::IpAddress> source_address(const base::IpAddress& to);

}  // namespace ravelin::system
