// The section `firewall`: where the agent is, and whether `ravelin run` runs it.
#pragma once

#include <string>

namespace ravelin::gateway {

struct FirewallConfig {
  bool manages = false;                             // `manage`: `ravelin run` has an agent
  std::string policy = "/etc/ravelin/policy.yaml";  // that it follows
  std::string state = "/var/lib/ravelin/firewall";  // its folder
  bool takes_bans = true;  // `bans`: clients the gateway bans are dropped in the kernel, too
  std::string socket = "/run/ravelin/firewall.sock";  // of the firewall's agent
};

}  // namespace ravelin::gateway
