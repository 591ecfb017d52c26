// What is left to this process although it is confined: the modes of files and the user would have
// to keep it from that.
#pragma once

#include "gateway/config/config.h"

namespace ravelin::cli {

// In the log: that it is root, and that it could read private keys of the configuration, which it
// tries one by one.
void warn_of_reach(const gateway::Config& config);

}  // namespace ravelin::cli
