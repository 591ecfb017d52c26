// Reads the `certs:` section: every mistake at its place, all at once. Pure; any thread.
#pragma once

#include "base/io/yaml.h"
#include "base/io/yaml_include.h"
#include "certs/config/certs_config.h"

#include <string>

namespace ravelin::certs {

CertsConfig parse_certs(base::yaml::Map map);

// The section of a configuration file and all it includes; the other sections are not looked at.
// Findings go to `diagnostics`.
CertsConfig load_certs(const std::string& path, base::yaml::Loader& loader,
                       base::Diagnostics& diagnostics);

// What is wrong with the section of a file that can be read otherwise: for whoever has reported
// what is wrong with the rest.
void check_certs(const std::string& path, base::yaml::Loader& loader,
                 base::Diagnostics& diagnostics);

}  // namespace ravelin::certs
