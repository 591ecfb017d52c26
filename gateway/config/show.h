// The effective configuration for people and programs: every value, and where it comes from. Pure;
// any thread.
#pragma once

#include "gateway/config/parse.h"

#include <string>

namespace ravelin::gateway {

// YAML that reads back as the same configuration; each value carries "# file:line" or "# default".
std::string show_config(const ParsedConfig& parsed);

// {"files": [path…], "config": {…as in ravelin.yaml…}, "origins": {key path: "file:line:column"}};
// a value without an origin is a default. Sizes and durations are strings.
std::string show_config_json(const ParsedConfig& parsed);

}  // namespace ravelin::gateway
