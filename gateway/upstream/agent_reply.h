// The answer of an agent beside a server: HAProxy's agent-check protocol (HAProxy configuration
// manual, "agent-check"): one line of ASCII words separated by spaces, tabs or commas. Pure; the
// text comes from outside.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::gateway {

inline constexpr std::size_t kAgentReplyMax = 1024;  // bytes, the line's end included

struct AgentReply {
  enum class Health : std::uint8_t { unsaid, up, down };
  enum class Order : std::uint8_t { unsaid, ready, drain, maint };

  std::optional<int> weight_percent;             // "75%": of the configured weight, 0 to 256
  std::optional<std::uint32_t> connections_max;  // "maxconn:30"; 0 = as configured
  Health health = Health::unsaid;                // "up"; "down", "stopped", "fail"
  Order order = Order::unsaid;                   // "ready", "drain", "maint"
  std::string why;  // after a "#": the agent's words, visible ASCII, at most 100 bytes

  bool operator==(const AgentReply&) const = default;
};

// `line`: without its end. A word that is none of the above is an error, and then nothing of the
// line counts; so is an empty line. Words are matched without regard to case; of two that say the
// same thing the last counts.
base::Result<AgentReply> parse_agent_reply(std::string_view line);

}  // namespace ravelin::gateway
