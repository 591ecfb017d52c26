// ravelin.yaml to Config: reads the file and its includes through a loader, and reports everything
// that is wrong with it at once. Pure given the loader; any thread, but reading blocks.
#pragma once

#include "base/diagnostics.h"
#include "base/io/yaml.h"
#include "base/io/yaml_include.h"
#include "gateway/config/config.h"

#include <string>

namespace ravelin::gateway {

struct ParsedConfig {
  Config config;
  base::yaml::Origins origins;  // where every value that is written stands
  bool is_complete = false;     // every file could be read; else parts are missing
};

// What the text means, value by value. With errors in `diagnostics` the config is incomplete and
// only good for finding more of them.
ParsedConfig parse_config(const std::string& path, base::yaml::Loader& loader,
                          base::Diagnostics& diagnostics);

// parse_config and validate (validate.h): usable when `diagnostics` has no errors.
ParsedConfig load_config(const std::string& path, base::yaml::Loader& loader,
                         base::Diagnostics& diagnostics);

}  // namespace ravelin::gateway
