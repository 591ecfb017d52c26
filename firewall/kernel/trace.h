// Watching live packets on their way through the rules. For this, and nothing else, there is a
// second table of ours, `inet ravelin_trace`: it marks packets (meta nftrace) before any other rule
// and decides nothing. It belongs to the socket of a PacketTrace, so the kernel removes it however
// the process ends. One thread.
#pragma once

#include "firewall/kernel/channel.h"
#include "firewall/ruleset/ruleset.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

// One rule that a packet met, or the policy of a base chain it came to the end of.
struct TraceStep {
  std::uint32_t packet = 0;  // the same for all steps of one packet
  std::string family, table, chain;
  std::uint64_t handle = 0;  // of the rule; 0: none
  std::string verdict;       // "accept", "drop", "jump z", "continue"; "policy drop"

  friend bool operator==(const TraceStep&, const TraceStep&) = default;
};

// None: no message about a packet's way. Decodes bytes that may hold anything.
std::optional<TraceStep> decode_trace(const Reply& reply);

class PacketTrace {
 public:
  // Statements that match, without a verdict, for packets that come in and that this host sends;
  // each rule marks what it matches. Errc::conflict: somebody traces already.
  static Result<PacketTrace> start(const std::vector<Rule>& incoming,
                                   const std::vector<Rule>& outgoing);

  // The next step; none: none came until then.
  Result<std::optional<TraceStep>> next(std::chrono::steady_clock::time_point until);

 private:
  PacketTrace(Channel owner, NetlinkSocket events)
      : owner_(std::move(owner)), events_(std::move(events)) {}

  Channel owner_;  // the table goes with it
  NetlinkSocket events_;
  std::vector<TraceStep> waiting_;  // the next one last
};

}  // namespace ravelin::firewall
