// What `run` and `demo` share: reading the configuration, becoming the service user, signals,
// serving.
#pragma once

#include "base/result.h"
#include "cli/exit_code.h"
#include "gateway/config/config.h"
#include "gateway/runtime/gateway.h"

#include <functional>
#include <optional>
#include <string>

namespace ravelin::cli {

// Reads and validates; prints every finding to stderr. Nothing when there are errors.
std::optional<gateway::Config> load_for_serving(const std::string& path);
// The same for a reload: all findings in the error's text.
base::Result<gateway::Config> load_for_serving_quietly(const std::string& path);

// What else goes on while the gateway serves; on the control thread. May be empty.
struct ServeHooks {
  std::function<void(gateway::Gateway&)> started{};  // once it serves
  std::function<void()> stopped{};                   // it serves no more, and is still there
  messages::BanChannel* bans = nullptr;              // takes bans on; null = nothing does
};

// Opens the gateway, drops privileges, serves until a signal says stop.
ExitCode run_gateway(const gateway::Config& config, gateway::Gateway::ConfigSource reload,
                     const ServeHooks& hooks);

}  // namespace ravelin::cli
