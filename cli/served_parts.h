// What runs in the process of the gateway beside it: bans on their way to the firewall, and what is
// known of the renewal of certificates, which is another process's, or runs here, too.
#pragma once

#include "base/result.h"
#include "cli/gateway_process.h"
#include "system/bans/agent_bans.h"
#include "system/renewal/renewal_link.h"
#include "system/renewal/unattended.h"

#include <memory>
#include <optional>
#include <string>

namespace ravelin::cli {

class ServedParts {
 public:
  explicit ServedParts(const gateway::Config& config);
  ServedParts(const ServedParts&) = delete;
  ServedParts& operator=(const ServedParts&) = delete;
  ~ServedParts() = default;

  // In this process: makes the store ready. `path`: of the configuration. Error: the store cannot
  // be used.
  base::Result<> renew_here(const std::string& path);

  // To be given the process that renews.
  system::RenewalLink& renewal() { return renewal_; }

  // Outlived by this.
  ServeHooks hooks();

 private:
  void start(gateway::Gateway& gateway);

  std::string path_;
  system::RenewalLink renewal_;
  std::unique_ptr<system::UnattendedRenewal> renewing_;
  std::optional<system::AgentBans> bans_;
  gateway::Gateway* gateway_ = nullptr;
};

}  // namespace ravelin::cli
