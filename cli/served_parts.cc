#include "cli/served_parts.h"

#include "base/io/yaml_include.h"
#include "certs/config/parse_certs.h"
#include "cli/certs/as_owner.h"
#include "gateway/runtime/restart_only.h"
#include "system/renewal/gateway_answers.h"

#include <utility>

namespace ravelin::cli {
namespace {

// nullopt: it has errors, which whoever reads it for serving says.
std::optional<certs::CertsConfig> certs_of(const std::string& path) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  certs::CertsConfig config = certs::load_certs(path, loader, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  return config;
}

}  // namespace

ServedParts::ServedParts(const gateway::Config& config) {
  if (const std::string socket = gateway::ban_socket_of(config); !socket.empty())
    bans_.emplace(system::AgentBans::Options{.socket = socket});
}

base::Result<> ServedParts::renew_here(const std::string& path) {
  auto config = certs_of(path);
  if (!config) return {};
  path_ = path;
  const auto owner = AsOwner::of(config->store);
  if (!owner) return owner.error();
  auto renewing = system::UnattendedRenewal::open(std::move(*config), std::nullopt);
  if (!renewing) return renewing.error();
  renewing_ = std::move(*renewing);
  return {};
}

void ServedParts::start(gateway::Gateway& gateway) {
  gateway_ = &gateway;
  if (bans_) bans_->start();
  system::connect(gateway, renewal_);
  if (renewing_ == nullptr) return;
  auto ends = messages::SeqSocket::make_pair();
  if (!ends)
    return base::log_error("certs", "nothing is renewed", {{"error", ends.error().message}});
  renewing_->start();
  renewing_->gateway().attach(std::move(ends->first));
  renewal_.attach(std::move(ends->second));
  gateway.on_reloaded([this] {
    if (auto config = certs_of(path_); config && renewing_ != nullptr)
      renewing_->use(std::move(*config));
  });
}

ServeHooks ServedParts::hooks() {
  return {.started = [this](gateway::Gateway& gateway) { start(gateway); },
          .stopped =
              [this] {
                renewing_.reset();
                if (gateway_ != nullptr) system::disconnect(*gateway_, renewal_);
                if (bans_) bans_->stop();
              },
          .bans = bans_ ? &*bans_ : nullptr};
}

}  // namespace ravelin::cli
