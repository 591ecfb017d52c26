// What a configuration means for the supervisor: the processes to run, the addresses to keep. Pure.
#pragma once

#include "gateway/config/config.h"
#include "messages/message.h"

#include <vector>

namespace ravelin::system {

struct LaunchPlan {
  std::vector<messages::RoleWanted> roles;  // in the order they are started
  std::vector<messages::AddressWanted> addresses;
  std::vector<messages::LogWanted> logs;
};

LaunchPlan plan_launch(const gateway::Config& config);

}  // namespace ravelin::system
