// What a configuration must satisfy as a whole, once every value in it is good: names that refer to
// something, listeners that can be opened together, routes that can be reached. Looks at no file
// and no network. Pure; any thread.
#pragma once

#include "base/diagnostics.h"
#include "base/io/yaml.h"
#include "gateway/config/config.h"

namespace ravelin::gateway {

// Findings are placed by `origins` (as parse_config filled it; may be empty). What has already
// failed to parse is not reported again.
void validate(const Config& config, const base::yaml::Origins& origins,
              base::Diagnostics& diagnostics);

}  // namespace ravelin::gateway
