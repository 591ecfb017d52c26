// When a client has done too much that no honest one does: values with their defaults.
#pragma once

#include "base/address.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::gateway {

// What a trigger counts.
enum class AbuseEvent : std::uint8_t {
  status,              // a response with one of its statuses
  path,                // a request for one of its paths
  rate_limited,        // a request over a limit of its route: 429
  handshake,           // a TLS handshake that begins
  failed_handshake,    // one that fails, by the client's fault or its going away
  client_certificate,  // one that fails for the client's certificate
  count_,
};

// So many of something, and the client is banned.
struct AbuseTrigger {
  std::string name;  // "honeypot": the reason of its bans
  AbuseEvent event = AbuseEvent::path;
  std::uint32_t count = 1;                   // the one that bans
  std::chrono::milliseconds window{60'000};  // in which that many are forgotten, evenly
  std::vector<std::pair<int, int>> statuses;
  std::vector<std::string> paths;  // "/x" exactly, "/x/" and all below, "*.php" the end of a path
};

struct AbuseConfig {
  std::uint32_t budget = 200;  // points a client may have; glitch_points() says for what
  std::chrono::milliseconds window{60'000};  // in which a full budget drains, evenly
  std::chrono::seconds ban{60};              // how long who is over it is refused the first time
  std::uint32_t ban_factor = 4;  // each further ban lasts that many times the one before
  std::chrono::seconds ban_max{86'400};
  std::chrono::seconds forget{86'400};  // after the end of a ban, until it no longer counts
  std::vector<base::IpPrefix> never;    // who is never banned; trusted proxies are not either
  std::uint32_t entries = 65'536;       // clients that are remembered, of each kind of memory
  std::vector<AbuseTrigger> triggers;
};

}  // namespace ravelin::gateway
