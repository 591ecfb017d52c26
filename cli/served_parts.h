// What runs in the process of the gateway beside it: the renewal of certificates, and bans on their
// way to the firewall.
#pragma once

#include "base/result.h"
#include "cli/certs/renewal.h"
#include "cli/gateway_process.h"
#include "system/bans/agent_bans.h"

#include <memory>
#include <optional>
#include <string>

namespace ravelin::cli {

class ServedParts {
 public:
  ServedParts() = default;
  ServedParts(const ServedParts&) = delete;
  ServedParts& operator=(const ServedParts&) = delete;
  ~ServedParts() = default;

  // `path`: of the configuration. Error: the store cannot be used.
  base::Result<> open(const gateway::Config& config, const std::string& path);

  // Outlived by this.
  ServeHooks hooks();

 private:
  std::unique_ptr<CertsRenewal> renewal_;
  std::optional<system::AgentBans> bans_;
};

}  // namespace ravelin::cli
