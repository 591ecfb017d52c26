// What the lines of a policy counted: one line may have become several rules, all with its comment.
// Pure; any thread.
#pragma once

#include "firewall/kernel/kernel.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct LineCount {
  std::string comment;  // "edge.yaml:33 web"
  std::uint64_t packets = 0, bytes = 0;
};

// In the order of the table; rules without a comment are left out.
std::vector<LineCount> line_counts(const LiveTable& table);

}  // namespace ravelin::firewall
