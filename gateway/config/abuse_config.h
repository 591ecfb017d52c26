// When a client has done too much that no honest one does: values with their defaults.
#pragma once

#include "base/address.h"

#include <chrono>
#include <cstdint>
#include <vector>

namespace ravelin::gateway {

struct AbuseConfig {
  std::uint32_t budget = 200;  // points a client may have; glitch_points() says for what
  std::chrono::milliseconds window{60'000};  // in which a full budget drains, evenly
  std::chrono::seconds ban{600};             // how long who is over budget is refused
  std::vector<base::IpPrefix> never;         // who is never banned; trusted proxies are not either
  std::uint32_t entries = 65'536;            // clients with points that are remembered
};

}  // namespace ravelin::gateway
