// The processes that `ravelin run` starts, one function each: what `ravelin role NAME` runs.
#pragma once

#include "base/result.h"
#include "certs/config/certs_config.h"
#include "cli/exit_code.h"
#include "gateway/config/config.h"
#include "system/supervise/config_stream.h"

#include <string>

namespace ravelin::cli {

// Reads and checks the configuration at `path`, hands it to the supervisor, and ends. `last_good`,
// unless it is empty, is a file the supervisor keeps: what it holds of that configuration is read
// instead.
ExitCode read_role(const std::string& path, const std::string& last_good);
ExitCode gateway_role();
ExitCode keys_role();
ExitCode certs_role();
ExitCode firewall_role();

// The section `certs` of one that was checked.
certs::CertsConfig certs_of(const system::ConfigSnapshot& snapshot);

// A configuration the reader has checked as a whole; what it names may have changed since.
base::Result<gateway::Config> config_of(const system::ConfigSnapshot& snapshot);

}  // namespace ravelin::cli
