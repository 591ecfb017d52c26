// The two documents made of derived rules: the part a gateway's own policy includes, and the policy
// of a host that serves one of its pools. Pure; any thread.
#pragma once

#include "base/result.h"
#include "gateway/config/config.h"
#include "system/derive/derive.h"

#include <string>
#include <vector>

namespace ravelin::system {

// To be included by the policy of the gateway's host. `path` is the configuration's.
std::string included_policy(const DerivedRules& rules, const std::string& path);

struct BackendPolicy {
  std::string pool;
  std::vector<std::string> gateways;    // addresses and networks they connect from
  std::vector<std::string> management;  // who may log in with ssh; empty = nobody
};

// A whole policy for the hosts of that pool: its ports are open to the gateways and to nobody else.
// Errors: no such pool; it has no server with a port of its own.
base::Result<std::string> backend_policy(const gateway::Config& config, const BackendPolicy& of);

}  // namespace ravelin::system
