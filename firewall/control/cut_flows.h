// Established flows that a policy denies: found, told and, once it is applied, ended. Blocks on the
// kernel; one thread.
#pragma once

#include "firewall/control/established.h"
#include "firewall/control/surroundings.h"

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::firewall {

inline constexpr std::size_t kFlowsToldMax = 100;

enum class FlowUse { only_look, keep, end };

struct CutFlows {
  struct Line {
    std::string flow;       // "tcp 192.0.2.1:40000 -> 192.0.2.254:22"
    std::string denied_by;  // "edge.yaml:35"
  };

  std::vector<Line> lines;  // at most kFlowsToldMax
  std::uint64_t denied = 0;
  std::uint64_t removed = 0;
  std::uint64_t unjudged = 0;  // not looked at
  std::string trouble;         // why not all was done; empty: it was
};

// Judges every flow by the policy, which with FlowUse::end is in the kernel already.
CutFlows cut_flows(const Surroundings& around, const policies::Policy& policy,
                   const std::optional<policies::SshPeer>& peer, std::chrono::sys_seconds now,
                   FlowUse use);

// As lines for people, and for programs. Empty: there is nothing to tell.
std::string cut_flows_text(const CutFlows& cut, FlowUse use);
boost::json::object cut_flows_json(const CutFlows& cut);

}  // namespace ravelin::firewall
