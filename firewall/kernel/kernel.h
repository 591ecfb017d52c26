// The kernel's side of our one table, `inet ravelin` of the network namespace the process is in. An
// interface because tests need one that keeps the table in memory; NetlinkKernel is the real one.
// One thread. Nothing outside our table is ever changed.
#pragma once

#include "base/result.h"
#include "firewall/diff/transaction.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

using base::Result;

// Counts every commit of anyone in this network namespace (NFT_MSG_GETGEN).
using Generation = std::uint32_t;

// What a rule in the kernel has counted, told apart by the comment the compiler gave it.
struct RuleCount {
  std::string chain;
  std::string comment;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t handle = 0;
};

// Our table as the kernel has it, without elements of sets.
struct LiveTable {
  std::string comment;
  std::uint32_t flags = 0;       // NFT_TABLE_F_*
  std::uint32_t owner_port = 0;  // netlink port of its owner; 0: nobody's
  std::vector<std::string> sets, chains;
  std::vector<RuleCount> rules;  // in order, chain by chain
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  virtual Result<Generation> generation() = 0;

  // All steps in one batch and one sendmsg. With `based_on`, Errc::conflict when the generation has
  // moved since. Any error leaves everything as it was, but for Errc::protocol: the kernel's answer
  // is lost, and what it has now has to be read. One that a policy line caused has its `pos`.
  virtual Result<> apply(const Transaction& transaction, std::optional<Generation> based_on) = 0;

  // What apply would say, with nothing done: the batch without its end.
  virtual Result<> try_out(const Transaction& transaction) = 0;

  // Our table, or none when it does not exist.
  virtual Result<std::optional<LiveTable>> read() = 0;

  // Comes back once every packet that was being judged when it was called has been.
  virtual void wait_for_packets() = 0;

  // Whether a key (an address, network order) is in one of our sets now, and for how much longer.
  struct Found {
    std::optional<std::chrono::milliseconds> expires;
  };

  virtual Result<std::optional<Found>> find(const std::string& set, const Bytes& key) = 0;
};

}  // namespace ravelin::firewall
