// Why a request meets the route it meets: every route of the listener, the most specific first, and
// what it says to the request. For people (`ravelin route`); states the rule of RouteMatch plainly,
// one route at a time, and so is also what the router is tested against. Pure; any thread.
#pragma once

#include "gateway/config/config.h"
#include "gateway/route/conditions.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct Explanation {
  enum class Verdict : std::uint8_t { wins, less_specific, host, path, method, condition };

  std::uint32_t route = 0;          // index
  Verdict verdict = Verdict::host;  // wins, would but for a more specific one, or what differs
  std::string why;  // "path \"/v1x\" is not under \"/v1\"": lower case, no full stop
};

// Arguments as for Router::match.
std::vector<Explanation> explain_match(std::span<const RouteConfig> routes, std::string_view host,
                                       std::string_view path, std::string_view method,
                                       const RequestTraits& traits = {});

}  // namespace ravelin::gateway
