// What `run` and `demo` share: reading the configuration, becoming the service user, signals,
// serving.
#pragma once

#include "base/io/yaml_include.h"
#include "base/result.h"
#include "cli/exit_code.h"
#include "gateway/config/config.h"
#include "gateway/config/parse.h"
#include "gateway/runtime/gateway.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::cli {

// Reads and validates everything, the files it names, too.
gateway::ParsedConfig read_whole(const std::string& path, base::yaml::Loader& loader,
                                 base::Diagnostics& diagnostics);

// Reads and validates; prints every finding to stderr. Nothing when there are errors.
std::optional<gateway::Config> load_for_serving(const std::string& path);
// The same for a reload: all findings in the error's text.
base::Result<gateway::Config> load_for_serving_quietly(const std::string& path);

// Where the process of the gateway gets what it cannot make itself, and who wants to hear of it.
struct Surroundings {
  gateway::SocketSource* sockets = nullptr;  // null = its own
  // Who started it, and has the sockets of the admin server, too; null = nobody did.
  gateway::ProcessKeeper* keeper = nullptr;
  std::shared_ptr<gateway::RemoteKeys> keys{};  // where they are; null = in this process
  gateway::LogOpener log_opener = gateway::open_log_file;
  std::vector<std::string> passed{};  // names of sockets the service manager has passed
  std::function<void(base::ServiceState)> state_changed{};
  std::optional<base::Duration> alive_every{};
  std::function<void(bool)> reload_ended{};
};

// What else goes on while the gateway serves; on the control thread. May be empty.
struct ServeHooks {
  std::function<void(gateway::Gateway&)> started{};  // once it serves
  std::function<void()> stopped{};                   // it serves no more, and is still there
  messages::BanChannel* bans = nullptr;              // takes bans on; null = nothing does
};

// The log as the configuration wants it; stop_log() ends it.
base::Result<> start_configured_log(const gateway::LogConfig& config);

// Of a process that a service manager, or nobody, has started: `opened` gets its sockets.
base::Result<Surroundings> own_surroundings(std::unique_ptr<gateway::OwnSockets>& opened);

// Opens the gateway, drops privileges, serves until a signal says stop.
ExitCode run_gateway(const gateway::Config& config, gateway::Gateway::ConfigSource reload,
                     const Surroundings& around, const ServeHooks& hooks);

}  // namespace ravelin::cli
