// What of the machine beyond our table the answers look at; what is not given is not looked at. One
// thread.
#pragma once

#include "firewall/kernel/conntrack.h"
#include "firewall/kernel/foreign.h"
#include "firewall/kernel/routes.h"

#include <functional>
#include <span>

namespace ravelin::firewall {

struct Surroundings {
  ConntrackTable* flows = nullptr;  // outlives whoever has this
  std::function<Result<Routes>()> routes;
  std::function<Result<ForeignRuleset>()> foreign;  // tables of others
  // This host's sockets of these flows; how many were ended.
  std::function<Result<std::size_t>(std::span<const Flow>)> end_sockets{};
};

}  // namespace ravelin::firewall
