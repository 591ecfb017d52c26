// Does what a CA would ask for over http reach the running gateway? A challenge of our own is put
// up, asked for through the name, and taken down. Blocks.
#pragma once

#include "base/address.h"
#include "certs/rotate/check_served.h"
#include "cli/certs/desk.h"

#include <string>
#include <vector>

namespace ravelin::cli {

// Every address has to answer. `is_here`: one of them is this machine's, so that nobody there is a
// failure; else there may be no way from here to there, and it is a warning.
certs::CheckLine probe_http(CertsDesk& desk, const std::string& name,
                            const std::vector<base::IpAddress>& addresses, std::uint16_t port,
                            bool is_here);

}  // namespace ravelin::cli
