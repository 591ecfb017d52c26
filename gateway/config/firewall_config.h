// What the gateway needs of `firewall`; the rest of the section belongs to the firewall's part.
#pragma once

#include <string>

namespace ravelin::gateway {

struct FirewallConfig {
  bool takes_bans = true;  // `bans`: clients the gateway bans are dropped in the kernel, too
  std::string socket = "/run/ravelin/firewall.sock";  // of the firewall's agent
};

}  // namespace ravelin::gateway
