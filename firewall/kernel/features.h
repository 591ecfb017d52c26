// What this kernel can do, found out by batches that change nothing. One thread.
#pragma once

#include "firewall/kernel/channel.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::firewall {

// Kernel versions differ in these, and we have a way around each; tests hide them.
enum class Feature : std::uint8_t {
  owned_table,  // OWNER with PERSIST, from 6.9 on: others cannot change our table
  batch_ack,    // an answer to the end of a batch, from 6.10 on
};

struct Features {
  bool owned_table = false;
  bool batch_ack = false;
  // What rulesets may need and this kernel lacks, in words: "fib (where a route leads)".
  std::vector<std::string> missing;

  [[nodiscard]] bool operator==(const Features&) const = default;
};

// `hidden` are treated as if the kernel lacked them. Errc::denied: without CAP_NET_ADMIN nothing
// can be found out. Leaves the ruleset and its generation as they are.
Result<Features> probe(Channel& channel, const std::vector<Feature>& hidden);

}  // namespace ravelin::firewall
