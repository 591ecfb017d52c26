// What others have put into nf_tables beside our table: their base chains, and the interfaces they
// forward for. Only read, never changed. One thread.
#pragma once

#include "firewall/kernel/channel.h"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct ForeignChain {
  std::string family, table, name;  // "ip", "filter", "INPUT"
  std::string type;                 // "filter", "nat", "route"
  std::string hook;                 // "input"; of family netdev too
  std::int32_t priority = 0;
  bool drops_by_policy = false;
  bool drops_at_end = false;  // its last rule drops or rejects whatever comes to it
  std::uint64_t rules = 0;
  std::vector<std::string> programs;  // whose the table looks like: "docker", "ufw"; sorted

  friend bool operator==(const ForeignChain&, const ForeignChain&) = default;
};

// An interface that a program of containers or machines has rules for.
struct ForeignForward {
  std::string program, interface;

  friend auto operator<=>(const ForeignForward&, const ForeignForward&) = default;
};

struct ForeignRuleset {
  std::vector<ForeignChain> chains;      // base chains, in the kernel's order
  std::vector<ForeignForward> forwards;  // sorted, each once
};

// Parts of answers, decoded from bytes that may hold anything.
struct ForeignChainMessage {
  ForeignChain chain;  // without rules and programs
  bool is_base = false;
};

struct ForeignRule {
  std::string family, table, chain;
  bool is_final_drop = false;
  std::vector<std::string> interfaces;  // it compares with
};

std::optional<ForeignChainMessage> decode_foreign_chain(const Reply& reply);
std::optional<ForeignRule> decode_foreign_rule(const Reply& reply);

// The program a chain of that table looks like; empty: none that is known.
std::string program_of(std::string_view table, std::string_view chain);

// Errc::conflict: the ruleset changed each time it was read.
Result<ForeignRuleset> read_foreign(Channel& channel);

}  // namespace ravelin::firewall
