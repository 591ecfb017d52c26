// What was seen of one server in one interval: what adaptive weights and outlier detection decide
// by. A value.
#pragma once

#include <cstdint>

namespace ravelin::gateway {

struct LoadSample {
  std::uint64_t answered = 0;  // first bytes of responses that arrived
  double latency_s = 0;        // from request sent to first byte, mean over `answered`; seconds
  std::uint64_t attempts = 0;  // that ended in an answer or were failed by the server
  std::uint64_t errors = 0;    // of these: answers of 500 and above, and failures
  std::uint64_t stuck = 0;     // requests that waited for an answer all through the interval
  std::uint64_t waiting = 0;   // for their first byte, at the end of the interval
  bool in_turn = true;         // usable, with a weight: others are left as they are

  [[nodiscard]] double error_share() const {
    if (attempts == 0) return 0;
    return static_cast<double>(errors) / static_cast<double>(attempts);
  }
};

}  // namespace ravelin::gateway
