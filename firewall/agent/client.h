// Asking the firewall's agent. Blocks up to a deadline.
#pragma once

#include "firewall/control/service.h"

#include <chrono>
#include <string>

namespace ravelin::firewall {

// Errc::not_found: no agent listens at `path`; Errc::timeout: it did not answer in time.
Result<Answer> ask_agent(const std::string& path, const std::string& command,
                         const std::string& question, std::chrono::seconds patience);

}  // namespace ravelin::firewall
