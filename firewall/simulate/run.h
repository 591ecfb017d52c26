// What a ruleset does with a packet: the second oracle, beside the policy's own simulator and the
// kernel. It runs what the compiler made, and shares no code with it. Hooks in the kernel's order:
// prerouting (raw, conntrack at -200, nat), then input, or forward, or output, then postrouting.
// Pure but for the state it is given; any thread.
#pragma once

#include "firewall/simulate/table_state.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall::simulate {

// A rule that said something, or the policy of a base chain (without comment).
struct Step {
  std::string chain;
  std::string comment;
  std::string verdict;  // accept, drop, reject, "jump z", "goto z", return, dnat, …, "policy drop"

  friend bool operator==(const Step&, const Step&) = default;
};

struct Added {
  std::string set;
  Bytes key;

  friend bool operator==(const Added&, const Added&) = default;
};

struct Outcome {
  enum class Verdict { accept, drop, reject };

  Verdict verdict = Verdict::accept;
  std::vector<Step> steps;
  std::optional<base::IpAddress> dnat_to;
  std::optional<std::uint16_t> dnat_port;
  bool is_redirected = false;  // to this host; the port, if it changes, is dnat_port
  std::optional<base::IpAddress> snat_to;
  bool is_masqueraded = false;
  std::vector<Added> added;  // to dynamic sets, by this packet
};

// `state` is what the packets before left; its limits, elements and connections move on. Names of
// sets and chains in the ruleset are good ones (a bug otherwise).
Outcome run(const Ruleset& ruleset, const policies::Packet& packet, TableState& state);

}  // namespace ravelin::firewall::simulate
