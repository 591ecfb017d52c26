// `ravelin firewall explain --trace`: live packets on their way through the kernel's rules.
#pragma once

#include "cli/exit_code.h"
#include "cli/flags.h"
#include "firewall/control/packet_text.h"

#include <chrono>

namespace ravelin::cli {

// Prints every rule that packets like the one asked about meet, as they come, for so long; in JSON
// an object a line. Done: some came; no: none did.
ExitCode trace(const firewall::AskedPacket& asked, const policies::Policy& policy,
               std::chrono::nanoseconds length, OutputForm form);

}  // namespace ravelin::cli
