// A limit as the kernel keeps it (net/netfilter/nft_limit.c): nanoseconds of credit, spent per
// packet or per byte. Pure; any thread.
#pragma once

#include "firewall/ruleset/statement.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace ravelin::firewall::simulate {

class TokenBucket {
 public:
  // Whether the rule goes on after this limit. A bucket is full when it is first asked; of bytes it
  // holds what comes in one unit of time and the burst on top.
  bool passes(const Limit& limit, std::uint32_t packet_bytes, std::chrono::nanoseconds now);

 private:
  std::optional<std::uint64_t> tokens_;
  std::chrono::nanoseconds last_{0};
};

}  // namespace ravelin::firewall::simulate
