#include "cli/served_parts.h"

#include "gateway/runtime/restart_only.h"

namespace ravelin::cli {

base::Result<> ServedParts::open(const gateway::Config& config, const std::string& path) {
  auto renewal = CertsRenewal::open(path);
  if (!renewal) return renewal.error();
  renewal_ = std::move(*renewal);
  if (const std::string socket = gateway::ban_socket_of(config); !socket.empty())
    bans_.emplace(system::AgentBans::Options{.socket = socket});
  return {};
}

ServeHooks ServedParts::hooks() {
  return {.started =
              [this](gateway::Gateway& gateway) {
                if (bans_) bans_->start();
                if (renewal_ != nullptr) renewal_->start(gateway);
              },
          .stopped =
              [this] {
                if (renewal_ != nullptr) renewal_->stop();
                if (bans_) bans_->stop();
              },
          .bans = bans_ ? &*bans_ : nullptr};
}

}  // namespace ravelin::cli
