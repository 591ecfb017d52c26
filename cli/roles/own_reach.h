// What is left to this process although it is confined: the modes of files and the user would have
// to keep it from that.
#pragma once

#include "gateway/config/config.h"

#include <string>
#include <vector>

namespace ravelin::cli {

// The configuration's private keys that this process could read, tried one by one.
std::vector<std::string> readable_keys(const gateway::Config& config);

// Once, in the log: that it is root, and which keys it could read.
void warn_of_reach(const gateway::Config& config);

}  // namespace ravelin::cli
