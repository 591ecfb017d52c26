// Do the host names of servers resolve from here? Asks, so it blocks and needs the network: for
// `ravelin check` only.
#pragma once

#include "base/diagnostics.h"
#include "gateway/config/parse.h"

#include <functional>
#include <string>

namespace ravelin::gateway {

// Empty when the name has an address, else why not.
using Resolve = std::function<std::string(const std::string& name)>;

// A name that does not resolve is a warning: it may where the gateway runs. Asks for each name
// once, for 100 names and about 10 seconds at most, and says so when it stops early.
void check_names(const ParsedConfig& parsed, base::Diagnostics& diagnostics,
                 const Resolve& resolve);

}  // namespace ravelin::gateway
