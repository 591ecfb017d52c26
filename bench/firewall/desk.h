// The keeper of the table with all it needs, as a resident agent has them: what the firewall's
// benchmarks drive in the network namespace they are started in. One thread.
#pragma once

#include "bench/must.h"
#include "firewall/control/feed_table.h"
#include "firewall/kernel/netlink_kernel.h"

#include <memory>
#include <string>

namespace ravelin::bench {

class Desk {
 public:
  // `state`: a directory that is made when it is not there. Ends the program when it cannot.
  static std::unique_ptr<Desk> open(const std::string& state);

  // Reads, checks and applies a policy, confirmed at once, with what its feeds hold.
  firewall::Keeper::Applied apply(const std::string& policy);

  firewall::Keeper& keeper() { return keeper_; }

  firewall::NetlinkKernel& kernel() { return *kernel_; }

 private:
  Desk(firewall::SystemTimes times, firewall::StateDir state,
       std::unique_ptr<firewall::NetlinkKernel> kernel);

  firewall::SystemTimes times_;
  firewall::StateDir state_;
  std::unique_ptr<firewall::NetlinkKernel> kernel_;
  firewall::FeedTable feeds_;
  firewall::Keeper keeper_;
};

// A policy with all it includes. Ends the program when there is something wrong with it.
firewall::PolicyBundle read_policy(const std::string& path);

}  // namespace ravelin::bench
